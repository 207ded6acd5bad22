/** What points at a version, and what was written on it. */
export function VersionChips({ version }: { version: { aliases: string[]; tags: string[] } }) {
  return (
    <>
      {version.aliases.map((alias) => (
        <span key={alias} className="chip good">
          {alias}
        </span>
      ))}
      {version.tags.map((tag) => (
        <span key={tag} className="chip">
          {tag}
        </span>
      ))}
    </>
  );
}
