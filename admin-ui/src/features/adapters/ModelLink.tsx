import { Link } from '@tanstack/react-router';
import { useQuery } from '@tanstack/react-query';
import { mayDo, sessionQuery } from '../../app/session';

/** `voice@3` leads to that version, looked at as its caller sees it; a base model's name leads nowhere. */
export function ModelLink({ model, tenant }: { model: string; tenant: string }) {
  const session = useQuery(sessionQuery).data;
  const [, name, version] = /^([a-z0-9][a-z0-9._-]*)@(\d+)$/.exec(model) ?? [];
  const mine = tenant === session?.tenant.id;
  if (!name || !version || !(mine || mayDo(session, 'admin'))) return model;
  return (
    <Link
      to="/adapters/$name/versions/$version"
      params={{ name, version }}
      search={{ tenant: mine ? undefined : tenant }}
    >
      {model}
    </Link>
  );
}
