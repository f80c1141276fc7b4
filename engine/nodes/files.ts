// Where nodes read pictures from and write them to. The executor's process owns the folders;
// nodes name files as ComfyUI does: `name`, `sub/name`, `name [output]`.
import type { FolderType } from '../files/annotated-name.ts'
import type { JsonObject } from '../graph/json.ts'

/** A file as ComfyUI's `ui.images` names it. */
export interface FileReference extends JsonObject {
  filename: string
  subfolder: string
  type: FolderType
}

export interface Files {
  /** Real path of an annotated name. @throws FileError when it is missing or leaves its folder. */
  resolve(annotated: string, fallback?: FolderType): string
  /** Names in a folder, newest ComfyUI order (sorted), for choices. */
  list(type: FolderType): string[]
  /**
   * Writes through a temporary name, fsync and rename. `prefix` may hold `%year%`, `%width%` … and
   * subfolders; the counter follows ComfyUI's `prefix_00001_.ext`.
   */
  write(
    type: 'output' | 'temp',
    prefix: string,
    extension: string,
    bytes: Uint8Array,
    size?: { width: number; height: number },
  ): Promise<FileReference>
  /** The same for a file that `make` writes and syncs itself, at the temporary path that it is given. */
  writeFrom?(
    type: 'output' | 'temp',
    prefix: string,
    extension: string,
    make: (path: string) => Promise<void>,
  ): Promise<FileReference>
}

/** Where it lies in its folder, with forward slashes. */
export const pathOf = ({ filename, subfolder }: { filename: string; subfolder: string }): string =>
  subfolder ? `${subfolder}/${filename}` : filename

export class FileError extends Error {
  override name = 'FileError'
}
