import { useCallback, useEffect, useRef, useState } from 'react';
import { chat, chatRequest, defaultParameters, emptyAnswer, type Answer } from './chat';

interface Answers {
  /** By prompt, then in the order of the models. */
  answers: Record<string, Answer[]>;
  running: boolean;
  ask: (models: string[], prompts: string[]) => void;
  stop: () => void;
}

/** Asks several models the same prompts, one prompt after the other; leaving the page stops it. */
export function useAnswers(maxTokens: number): Answers {
  const [answers, setAnswers] = useState<Record<string, Answer[]>>({});
  const [running, setRunning] = useState(false);
  const abort = useRef<AbortController>(null);
  const stop = useCallback(() => abort.current?.abort(), []);
  useEffect(() => stop, [stop]);
  const ask = useCallback(
    (models: string[], prompts: string[]) => {
      stop();
      const controller = new AbortController();
      abort.current = controller;
      setAnswers({});
      setRunning(true);
      void askAll(models, prompts, maxTokens, controller.signal, (prompt, at, answer) => {
        if (abort.current !== controller) return;
        setAnswers((before) => ({
          ...before,
          [prompt]: models.map((_, index) => (index === at ? answer : (before[prompt]?.[index] ?? emptyAnswer))),
        }));
      }).finally(() => {
        if (abort.current === controller) setRunning(false);
      });
    },
    [maxTokens, stop],
  );
  return { answers, running, ask, stop };
}

async function askAll(
  models: string[],
  prompts: string[],
  maxTokens: number,
  signal: AbortSignal,
  tell: (prompt: string, at: number, answer: Answer) => void,
) {
  const parameters = { ...defaultParameters, maxTokens };
  for (const prompt of prompts) {
    if (signal.aborted) return;
    await Promise.all(
      models.map((model, at) =>
        chat(chatRequest({ model, stores: [] }, [], prompt, parameters), signal, (answer) => tell(prompt, at, answer)),
      ),
    );
  }
}
