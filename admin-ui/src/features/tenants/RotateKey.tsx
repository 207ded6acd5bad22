import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { send } from '../../api/client';
import type { ApiKey, ApiKeyWithSecret } from '../../api/types';
import { Button } from '../../components/Button';
import { Dialog } from '../../components/Dialog';
import { ErrorNote } from '../../components/Feedback';
import { Field } from '../../components/Field';
import { Secret } from './Secret';

const overlaps = [
  ['', 'as the server is set'],
  ['0', 'not at all: it stops at once'],
  ['3600', 'an hour'],
  ['86400', 'a day'],
  ['604800', 'a week'],
] as const;

/** Makes a successor that may do the same; the old key goes on for a while, so that its holders can change over. */
export function RotateKey({ tenant, one, close }: { tenant: string; one: ApiKey; close: () => void }) {
  const queries = useQueryClient();
  const [overlap, setOverlap] = useState('');
  const rotate = useMutation({
    mutationFn: () =>
      send<ApiKeyWithSecret>(
        'POST',
        `/admin/v1/tenants/${encodeURIComponent(tenant)}/keys/${encodeURIComponent(one.id)}/rotate`,
        overlap === '' ? {} : { overlap_seconds: Number(overlap) },
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['tenants', tenant, 'keys'] }),
  });
  return (
    <Dialog
      open
      onOpenChange={close}
      title={`Rotate ${one.name || one.prefix}`}
      description="A new key takes its place, with the same scopes, models and stores."
    >
      {rotate.data ? (
        <Secret secret={rotate.data.secret} close={close} />
      ) : (
        <>
          <div className="body">
            <Field label="The old key goes on for" hint="Whoever uses it has this long to take the new one.">
              {(input) => (
                <select
                  {...input}
                  className="input"
                  value={overlap}
                  onChange={(event) => setOverlap(event.target.value)}
                >
                  {overlaps.map(([value, words]) => (
                    <option key={value} value={value}>
                      {words}
                    </option>
                  ))}
                </select>
              )}
            </Field>
            {rotate.isError ? <ErrorNote error={rotate.error} /> : null}
          </div>
          <footer>
            <Button onClick={close}>Keep it as it is</Button>
            <Button look="primary" disabled={rotate.isPending} onClick={() => rotate.mutate()}>
              {rotate.isPending ? 'Making…' : 'Rotate key'}
            </Button>
          </footer>
        </>
      )}
    </Dialog>
  );
}
