/** Prompts that two versions are compared by, kept by this browser for each adapter until sign-out; the server never
 *  sees the list. */
export const MOST_PROMPTS = 20;
export const LONGEST_PROMPT = 2_000;

const keyOf = (tenant: string, adapter: string) => `graft.prompts.${tenant}.${adapter}`;

type Shelf = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

export function storedPrompts(tenant: string, adapter: string, shelf: Shelf = localStorage): string[] {
  try {
    const found: unknown = JSON.parse(shelf.getItem(keyOf(tenant, adapter)) ?? '[]');
    return Array.isArray(found) ? found.filter((one) => typeof one === 'string').slice(0, MOST_PROMPTS) : [];
  } catch {
    return []; // somebody else's writing, or no storage at all
  }
}

/** Keeps the list where the browser lets us; without storage it lives as long as the page. */
export function storePrompts(tenant: string, adapter: string, prompts: string[], shelf: Shelf = localStorage) {
  try {
    if (prompts.length === 0) shelf.removeItem(keyOf(tenant, adapter));
    else shelf.setItem(keyOf(tenant, adapter), JSON.stringify(prompts));
  } catch {
    // full, or forbidden
  }
}

/** The list with one more; the same prompt is kept once, and the oldest gives way. */
export function withPrompt(prompts: string[], prompt: string): string[] {
  const text = prompt.trim().slice(0, LONGEST_PROMPT);
  if (text === '' || prompts.includes(text)) return prompts;
  return [...prompts, text].slice(-MOST_PROMPTS);
}
