import type { BudgetState } from '../../api/types';

/** Of the amount, what is spent and held by running requests; a budget of nothing is used up. */
export function budgetPercent({ amount_micros: amount, spent_micros: spent, held_micros: held }: BudgetState): number {
  return amount === 0 ? 100 : Math.floor((100 * (spent + held)) / amount);
}

const NEAR_PERCENT = 90;

/** Near its end, or past the alert that was set for it. */
export function budgetLooks(budget: BudgetState): boolean {
  return budgetPercent(budget) >= Math.min(NEAR_PERCENT, budget.alert_percent ?? NEAR_PERCENT);
}
