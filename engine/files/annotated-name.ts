// ComfyUI's way to say which folder a file lies in: `name`, `sub/name`, `name [output]`.

export type FolderType = 'input' | 'output' | 'temp'
const folderTypes: readonly FolderType[] = ['input', 'output', 'temp']

export const isFolderType = (name: string): name is FolderType =>
  (folderTypes as readonly string[]).includes(name)

/** `name [output]` → the name and its folder; a name that says none is in `fallback`. */
export function readAnnotated<T>(
  annotated: string,
  fallback: T,
): { name: string; type: FolderType | T } {
  const type = folderTypes.find(type => annotated.endsWith(`[${type}]`))
  if (!type) return { name: annotated, type: fallback }
  return { name: annotated.slice(0, -`[${type}]`.length).trimEnd(), type }
}
