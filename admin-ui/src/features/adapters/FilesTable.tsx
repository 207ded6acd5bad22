import type { AdapterVersionDetails } from '../../api/types';
import { bytes } from '../../app/format';
import { Digest } from '../../components/Small';

/** What a version is made of, each file named by its digest. */
export function FilesTable({ files }: { files: AdapterVersionDetails['files'] }) {
  return (
    <section className="card" aria-labelledby="files">
      <header>
        <h2 id="files">Files</h2>
      </header>
      <div className="table-scroll">
        <table className="table">
          <thead>
            <tr>
              <th>Name</th>
              <th className="right">Size</th>
              <th>Digest</th>
            </tr>
          </thead>
          <tbody>
            {files.map((file) => (
              <tr key={file.name}>
                <td className="mono">{file.name}</td>
                <td className="right">{bytes(file.size_bytes)}</td>
                <td>
                  <Digest value={file.digest} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
