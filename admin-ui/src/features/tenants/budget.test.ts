import { expect, it } from 'vitest';
import type { BudgetState } from '../../api/types';
import { budgetLooks, budgetPercent } from './budget';

const budget = (spent: number, held: number, alert: number | null = null, amount = 200): BudgetState => ({
  object: 'budget',
  tenant_id: 't',
  tenant_name: 't',
  amount_micros: amount,
  period: 'month',
  spent_micros: spent,
  held_micros: held,
  alert_percent: alert,
});

it('a budget counts what is held by running requests as used', () => {
  expect(budgetPercent(budget(100, 50))).toBe(75);
  expect(budgetPercent(budget(0, 0, null, 0))).toBe(100);
});

it('a budget wants a look at its alert, or at 90 % without one', () => {
  expect(budgetLooks(budget(100, 50))).toBe(false);
  expect(budgetLooks(budget(180, 0))).toBe(true);
  expect(budgetLooks(budget(100, 0, 50))).toBe(true);
});
