import type { AdapterAlias, AliasMove } from '../../api/types';
import { z } from '../../app/validation';
import { aliasWords } from './adapters';

/** The contract's bounds of a split. */
const MOST_TARGETS = 16;
const MOST_WEIGHT = 1_000_000;

const whole = 'Whole numbers only.';

/** What the alias editor holds; the server checks the same once more. */
export const aliasSchema = z
  .object({
    alias: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'Lower-case letters, digits and dashes, a letter first.'),
    targets: z
      .array(
        z.object({
          version: z.number({ error: 'Choose a version.' }).int(whole).min(1),
          weight: z.number({ error: 'A weight is a number.' }).int(whole).min(0).max(MOST_WEIGHT),
        }),
      )
      .min(1)
      .max(MOST_TARGETS),
    shadowed: z.boolean(),
    shadowVersion: z.number().int(),
    shadowPercent: z.number({ error: 'A share in percent.' }).gt(0, 'More than 0 %.').max(100, 'At most 100 %.'),
    reason: z.string().max(1000),
  })
  .superRefine(({ targets }, context) => {
    const message = togetherWrong(targets);
    if (message !== undefined) context.addIssue({ code: 'custom', path: ['targets'], message });
  });
export type AliasValues = z.infer<typeof aliasSchema>;

/** What no single part shows. */
function togetherWrong(targets: { version: number; weight: number }[]): string | undefined {
  const twice = targets.find((one, at) => targets.findIndex((other) => other.version === one.version) !== at);
  if (twice) return `Version ${twice.version} stands twice.`;
  return weightSum(targets) === 0 ? 'At least one weight must be above 0.' : undefined;
}

/** What is wrong with a split as it stands, if anything. */
export function splitProblem(targets: AliasValues['targets']): string | undefined {
  return aliasSchema.shape.targets.safeParse(targets).error?.issues[0]?.message ?? togetherWrong(targets);
}

export function weightSum(targets: { weight: number }[]): number {
  return targets.reduce((sum, one) => sum + (Number.isFinite(one.weight) ? one.weight : 0), 0);
}

/** Of 100, with a digit only where it tells something. */
export function share(weight: number, sum: number): string {
  if (sum === 0 || !Number.isFinite(weight)) return '– %';
  const percent = (100 * weight) / sum;
  return `${percent === Math.round(percent) ? percent : percent.toFixed(1)} %`;
}

export function aliasValues(alias: AdapterAlias | undefined, newest: number): AliasValues {
  return {
    alias: alias?.alias ?? '',
    targets: alias?.targets.map(({ version, weight }) => ({ version, weight })) ?? [{ version: newest, weight: 100 }],
    shadowed: !!alias?.shadow,
    shadowVersion: alias?.shadow?.version ?? newest,
    shadowPercent: Math.round((alias?.shadow?.fraction ?? 0.1) * 1000) / 10,
    reason: '',
  };
}

export function moveOf({ targets, shadowed, shadowVersion, shadowPercent, reason }: AliasValues): AliasMove {
  const only = targets.length === 1 ? targets[0] : undefined;
  return {
    ...(only ? { version: only.version } : { split: targets }),
    ...(shadowed ? { shadow: { version: shadowVersion, fraction: shadowPercent / 100 } } : {}),
    ...(reason.trim() === '' ? {} : { reason: reason.trim() }),
  };
}

/** What a move does, in sentences, before it is made. */
export function whatHappens(adapter: string, before: AdapterAlias | undefined, values: AliasValues): string[] {
  const { alias, targets, shadowed, shadowVersion, shadowPercent } = values;
  const name = alias === 'production' ? adapter : `${adapter}@${alias || '…'}`;
  const sum = weightSum(targets);
  const parts = targets.filter((one) => one.weight > 0).map((one) => `${share(one.weight, sum)} to v${one.version}`);
  const sentences = [before ? `Now: ${aliasWords(before)}.` : 'The alias is new.'];
  if (parts.length === 1) {
    const only = targets.find((one) => one.weight > 0);
    sentences.push(`New requests for ${name} go to v${only?.version}; running answers keep their version.`);
  } else if (parts.length > 1) {
    sentences.push(`New requests for ${name} go ${parts.join(', ')}. A user stays on one side of the split.`);
  }
  if (shadowed) {
    sentences.push(
      `v${shadowVersion} answers ${shadowPercent} % of them once more while the engine is idle, for you to compare. ` +
        'Nobody is sent these answers; their tokens are on your bill.',
    );
  } else if (before?.shadow) {
    sentences.push(`The shadow v${before.shadow.version} ends.`);
  }
  if (before) sentences.push('You can roll back.');
  return sentences;
}
