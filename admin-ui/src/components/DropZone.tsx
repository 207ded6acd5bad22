import { UploadCloud } from 'lucide-react';
import { useId, useRef, useState, type DragEvent, type ReactNode } from 'react';
import { Button } from './Button';

interface Props {
  children: ReactNode;
  /** @param folder the name of the folder that was dropped, if one was */
  onFiles: (files: File[], folder?: string) => void;
  accept?: string;
  disabled?: boolean;
}

/** Takes files and folders by drop, or files by the system's dialog. */
export function DropZone({ children, onFiles, accept, disabled }: Props) {
  const [over, setOver] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  const drop = async (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    if (disabled) return;
    const { files, folder } = await filesOf(event.dataTransfer);
    onFiles(files, folder);
  };
  return (
    <div
      className={over ? 'drop over' : 'drop'}
      onDrop={drop}
      onDragLeave={() => setOver(false)}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
    >
      <UploadCloud aria-hidden />
      <div id={id}>{children}</div>
      <Button disabled={disabled} aria-describedby={id} onClick={() => input.current?.click()}>
        Choose files
      </Button>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        accept={accept}
        tabIndex={-1}
        aria-label="Files"
        onChange={(event) => {
          onFiles([...(event.target.files ?? [])]);
          event.target.value = '';
        }}
      />
    </div>
  );
}

/** The files of a drop, those inside dropped folders included. */
async function filesOf(transfer: DataTransfer): Promise<{ files: File[]; folder?: string }> {
  // Entries must be taken before the first await: the list is emptied when the event ends.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  if (entries.length === 0) return { files: [...transfer.files] };
  const folder = entries.find((entry) => entry.isDirectory)?.name;
  return { files: (await Promise.all(entries.map(filesIn))).flat(), folder };
}

async function filesIn(entry: FileSystemEntry): Promise<File[]> {
  if (entry.isFile) {
    return [await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject))];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const files: File[] = [];
  for (;;) {
    // A reader gives at most 100 entries a call, and none at the end.
    const batch = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (batch.length === 0) return files;
    for (const child of batch) files.push(...(await filesIn(child)));
  }
}
