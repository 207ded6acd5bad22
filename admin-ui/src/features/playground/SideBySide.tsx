import { AnswerView } from './AnswerView';
import type { Answer } from './chat';

export interface Side {
  /** As a request names it. */
  model: string;
  /** Who that is to the reader: `version 2`, `base`. */
  title: string;
}

/** What each answered to the same prompt; `undefined` where it was not asked. */
export function SideBySide({ sides, answers }: { sides: Side[]; answers: (Answer | undefined)[] }) {
  return (
    <div className="pair">
      {sides.map((side, at) => {
        const answer = answers[at];
        return (
          <div key={side.model} className="stack tight" role="group" aria-label={`Answer of ${side.title}`}>
            <h3>{side.title}</h3>
            {answer ? <AnswerView answer={answer} store={undefined} /> : null}
          </div>
        );
      })}
    </div>
  );
}
