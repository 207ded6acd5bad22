import type { BudgetState } from '../../api/types';
import { money } from '../../app/format';
import { useCurrency } from '../usage/money';
import { budgetLooks, budgetPercent } from './budget';

/** What is spent, what is held by running requests, and what is left. */
export function BudgetBar({ budget, words = false }: { budget: BudgetState; words?: boolean }) {
  const currency = useCurrency();
  const part = (micros: number) => `${budget.amount_micros === 0 ? 100 : (100 * micros) / budget.amount_micros}%`;
  const period = budget.period === 'total' ? 'in all' : `this ${budget.period}`;
  const said =
    `${money(budget.spent_micros, currency)} spent and ${money(budget.held_micros, currency)} held ` +
    `of ${money(budget.amount_micros, currency)} ${period}`;
  return (
    <div className="stack tight" style={{ gap: 4 }} title={said}>
      <div className={budgetLooks(budget) ? 'bar look' : 'bar'} role="img" aria-label={said}>
        <div style={{ width: part(budget.spent_micros) }} />
        <div className="held" style={{ width: part(budget.held_micros) }} />
      </div>
      <span className="muted small num">{words ? said : `${budgetPercent(budget)} % ${period}`}</span>
    </div>
  );
}
