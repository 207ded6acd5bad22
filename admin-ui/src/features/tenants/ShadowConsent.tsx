import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { get, send } from '../../api/client';
import { ErrorNote } from '../../components/Feedback';
import { toast } from '../../components/Toasts';

const path = (tenant: string) => `/admin/v1/tenants/${encodeURIComponent(tenant)}/shadow-consent`;

const consentQuery = (tenant: string) =>
  queryOptions({
    queryKey: ['tenants', tenant, 'shadow-consent'],
    queryFn: ({ signal }) => get<{ allowed: boolean }>(path(tenant), signal),
  });

/** Whether owners of shared adapters may let a candidate answer this tenant's requests too, and read both answers. */
export function ShadowConsent({ tenant }: { tenant: string }) {
  const queries = useQueryClient();
  const consent = useQuery(consentQuery(tenant));
  const put = async (allowed: boolean) =>
    queries.setQueryData(
      consentQuery(tenant).queryKey,
      await send<{ allowed: boolean }>('PUT', path(tenant), { allowed }),
    );
  const change = useMutation({
    mutationFn: put,
    onSuccess: (_, allowed) =>
      toast(allowed ? 'Shared adapters may be compared on these requests.' : 'No comparison on these requests.', () =>
        put(!allowed),
      ),
  });
  const failed = consent.error ?? change.error;
  return (
    <div className="stack tight">
      <label className="row">
        <input
          type="checkbox"
          checked={consent.data?.allowed ?? false}
          disabled={!consent.data || change.isPending}
          onChange={(event) => change.mutate(event.target.checked)}
        />
        Owners of shared adapters may compare a candidate’s answers on this tenant’s requests
      </label>
      {failed ? <ErrorNote error={failed} /> : null}
    </div>
  );
}
