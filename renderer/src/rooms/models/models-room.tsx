// Model files by folder, and where to put more.
import { Copy, FolderOpen, RefreshCw, Search } from 'lucide-react'
import { useEffect } from 'react'
import type { ModelFile } from '../../../../engine/api/contract.ts'
import { loadModels, useModels } from '../../stores/models.ts'
import { useSystem } from '../../stores/system.ts'
import { toast } from '../../stores/toasts.ts'
import { IconButton } from '../../ui/button.tsx'
import { formatBytes } from '../../ui/format.ts'
import { fuzzyFilter } from '../../ui/fuzzy.ts'
import { folderAbout, folderOrder } from './folders.ts'

export function ModelsRoom() {
  const { files, loaded, search } = useModels()
  const folders = useSystem(state => state.info?.folders.models) ?? []
  useEffect(() => void loadModels(), [])
  const found = fuzzyFilter(search, files, file => [file.name, file.family ?? '', file.folder])
  const byFolder = Map.groupBy(found, file => file.folder)
  const names = [...new Set([...folderOrder, ...byFolder.keys()])]
  const used = names.filter(name => byFolder.has(name))
  const unused = search ? [] : names.filter(name => !byFolder.has(name))
  const bytes = files.reduce((sum, file) => sum + file.sizeBytes, 0)
  return (
    <>
      <header className="flex h-12 shrink-0 items-center gap-3 border-b border-line bg-panel px-4">
        <h1 className="text-[15px] font-semibold">Models</h1>
        <span className="text-faint tabular">
          {files.length} {files.length === 1 ? 'file' : 'files'}, {formatBytes(bytes)}
        </span>
        <label className="flex h-8 w-72 items-center gap-2 rounded-control bg-field px-2.5 text-faint focus-within:outline-2 focus-within:outline-accent">
          <Search size={14} aria-hidden />
          <input
            type="search"
            aria-label="Search models"
            placeholder="Search models"
            className="min-w-0 flex-1 bg-transparent text-ink outline-none"
            value={search}
            onChange={event => useModels.setState({ search: event.target.value })}
          />
        </label>
        <div className="flex-1" />
        <IconButton label="Look at the folders again" onClick={() => void loadModels()}>
          <RefreshCw size={14} aria-hidden />
        </IconButton>
      </header>
      <div className="min-h-0 flex-1 overflow-y-auto">
        <div className="mx-auto flex max-w-[860px] flex-col gap-7 px-6 py-6">
          <section>
            <h2 className="font-medium">Where models go</h2>
            <p className="mt-1 text-soft">
              Put files into the folder of their kind, as for ComfyUI. They are used where they lie
              and appear here at once.
            </p>
            <ul className="mt-2 flex flex-col gap-1">
              {folders.map(folder => (
                <FolderRow key={folder} folder={folder} />
              ))}
            </ul>
          </section>
          {used.map(name => (
            <FolderPart key={name} name={name} files={byFolder.get(name)!} />
          ))}
          {loaded && search && used.length === 0 && (
            <p className="text-faint">No model matches “{search}”.</p>
          )}
          {unused.length > 0 && (
            <section>
              <h2 className="font-medium">Still empty</h2>
              <dl className="mt-2 grid grid-cols-[max-content_1fr] gap-x-4 gap-y-1">
                {unused.map(name => (
                  <div key={name} className="contents">
                    <dt className="font-mono text-[12px] text-soft">{name}/</dt>
                    <dd className="text-faint">{folderAbout(name)}</dd>
                  </div>
                ))}
              </dl>
            </section>
          )}
        </div>
      </div>
    </>
  )
}

function FolderRow({ folder }: { folder: string }) {
  const copy = () =>
    navigator.clipboard?.writeText(folder).then(
      () => toast('Copied', { kind: 'good' }),
      () => toast('The browser did not allow copying'),
    )
  return (
    <li className="flex h-8 items-center gap-2 rounded-control bg-field px-2.5">
      <FolderOpen size={14} className="shrink-0 text-faint" aria-hidden />
      <span className="selectable min-w-0 flex-1 truncate font-mono text-[12px]">{folder}</span>
      <IconButton label="Copy the path" className="size-6!" onClick={copy}>
        <Copy size={12} aria-hidden />
      </IconButton>
    </li>
  )
}

function FolderPart({ name, files }: { name: string; files: ModelFile[] }) {
  return (
    <section aria-label={name}>
      <h2 className="flex items-baseline gap-2 font-medium">
        <span className="font-mono text-[12.5px]">{name}/</span>
        <span className="text-xs font-normal text-faint">{folderAbout(name)}</span>
      </h2>
      <ul className="mt-2 overflow-hidden rounded-card border border-line">
        {files.map(file => (
          <li
            key={file.name}
            className="flex h-9 items-center gap-3 border-b border-line bg-card px-3 last:border-0"
          >
            <span className="selectable min-w-0 flex-1 truncate" title={file.name}>
              {file.name}
            </span>
            {file.bundled && (
              <span className="rounded bg-field px-1.5 text-xs text-soft">comes with the app</span>
            )}
            {file.family && <span className="text-soft">{file.family}</span>}
            <span className="w-20 text-right text-faint tabular">
              {formatBytes(file.sizeBytes)}
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}
