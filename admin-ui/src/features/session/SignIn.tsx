import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useForm } from 'react-hook-form';
import { ApiError } from '../../api/client';
import { signIn } from '../../app/session';
import { Button } from '../../components/Button';
import { ErrorNote } from '../../components/Feedback';

/** A key is exchanged for a cookie that scripts can't read; the page forgets the key at once. */
export function SignIn() {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const { to } = useSearch({ from: '/signin' });
  const form = useForm<{ key: string }>({ defaultValues: { key: '' } });
  const enter = useMutation({
    mutationFn: ({ key }: { key: string }) => signIn(queries, key.trim()),
    onSuccess: () => {
      form.reset();
      // Only a path of this site: a link could otherwise lead anywhere.
      return navigate({ href: to?.startsWith('/') && !to.startsWith('//') ? to : '/' });
    },
  });
  const problem = form.formState.errors.key?.message;
  return (
    <main className="signin">
      <div>
        <div className="row">
          <img className="mark" src="/graft.svg" alt="" />
          <div>
            <h1>Graft</h1>
            <p className="muted">Sign in with an API key.</p>
          </div>
        </div>
        <form className="stack" onSubmit={form.handleSubmit((values) => enter.mutate(values))} noValidate>
          <div className="field">
            <label htmlFor="key">API key</label>
            <input
              id="key"
              className="input"
              type="password"
              autoComplete="off"
              spellCheck={false}
              autoFocus
              aria-invalid={problem !== undefined}
              aria-describedby="key-hint"
              {...form.register('key', { required: 'Paste a key first.' })}
            />
            {problem ? (
              <span className="error" role="alert">
                {problem}
              </span>
            ) : null}
            <span id="key-hint" className="hint">
              A fresh server writes admin.key and demo.key into its data folder, by default .graft.
            </span>
          </div>
          {enter.isError ? <ErrorNote error={refused(enter.error) ?? enter.error} /> : null}
          <Button type="submit" look="primary" disabled={enter.isPending}>
            {enter.isPending ? 'Checking the key…' : 'Sign in'}
          </Button>
        </form>
      </div>
    </main>
  );
}

/** What the API says of a wrong key is meant for its clients, which send a header. */
function refused(error: Error): Error | undefined {
  if (!(error instanceof ApiError) || error.status !== 401) return undefined;
  return new Error(
    'This key is unknown, revoked or expired. Paste it once more, or ask who runs the server for another.',
  );
}
