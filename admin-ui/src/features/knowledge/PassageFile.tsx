import { Link } from '@tanstack/react-router';

interface Props {
  /** In which its document is; unknown of old records. */
  store: string | undefined;
  passage: { file_id: string; start: number; end: number };
}

/** The file that a passage is of, leading to its place in it. */
export function PassageFile({ store, passage }: Props) {
  if (!store) return passage.file_id;
  return (
    <Link
      to="/knowledge/$store/$file"
      params={{ store, file: passage.file_id }}
      search={{ start: passage.start, end: passage.end }}
    >
      {passage.file_id}
    </Link>
  );
}
