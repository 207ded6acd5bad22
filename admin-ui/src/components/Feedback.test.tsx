// @vitest-environment jsdom
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ApiError } from '../api/client';
import { ErrorNote } from './Feedback';
import { Progress } from './Small';

afterEach(cleanup);

describe('an error', () => {
  it('says what happened, then what to do', () => {
    render(<ErrorNote error={new ApiError(403, 'insufficient_scope', 'The key lacks the scope admin.')} />);
    const text = screen.getByRole('alert').textContent;
    expect(text).toContain('The key lacks the scope admin.');
    expect(text).toContain('Sign in with a key that has this scope');
  });

  it('offers to try again where that may help', () => {
    const retry = vi.fn();
    render(<ErrorNote error={new Error('gone')} retry={retry} />);
    fireEvent.click(screen.getByRole('button', { name: 'Try again' }));
    expect(retry).toHaveBeenCalledOnce();
  });
});

it('progress is told to those who do not see it', () => {
  render(<Progress value={0.427} label="Upload" />);
  expect(screen.getByRole('progressbar', { name: 'Upload' }).getAttribute('aria-valuenow')).toBe('43');
});
