// Everything that was made, newest first. Only the rows in view are mounted.
import { useVirtualizer } from '@tanstack/react-virtual'
import { Images, Search, Trash2, X } from 'lucide-react'
import { useEffect, useLayoutEffect, useRef, useState } from 'react'
import type { Output } from '../../../../engine/api/contract.ts'
import { assetUrl } from '../../host/assets.ts'
import { loadGallery, loadMore, removeOutputs, useGallery } from '../../stores/gallery.ts'
import { showRoom } from '../../stores/ui.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { cx } from '../../ui/class-names.ts'
import { RightClickMenu } from '../../ui/menu.tsx'
import { outputEntries } from './output-actions.ts'

const gap = 8
const leastTile = 168
const padding = 16

export function GalleryRoom() {
  const { outputs, total, loaded, search, selected } = useGallery()
  return (
    <>
      <header className="flex h-12 shrink-0 items-center gap-3 border-b border-line bg-panel px-4">
        <h1 className="text-[15px] font-semibold">Gallery</h1>
        <span className="text-faint tabular">
          {total} {total === 1 ? 'picture' : 'pictures'}
        </span>
        <SearchField />
        <div className="flex-1" />
        {selected.size > 0 && (
          <>
            <span className="text-soft tabular">{selected.size} selected</span>
            <Button look="danger" onClick={() => removeOutputs([...selected])}>
              <Trash2 size={13} aria-hidden /> Delete
            </Button>
            <IconButton
              label="Select nothing"
              onClick={() => useGallery.setState({ selected: new Set() })}
            >
              <X size={14} aria-hidden />
            </IconButton>
          </>
        )}
      </header>
      {outputs.length > 0 ? <Grid outputs={outputs} /> : loaded && <Empty search={search} />}
    </>
  )
}

function SearchField() {
  const search = useGallery(state => state.search)
  const [text, setText] = useState(search)
  useEffect(() => {
    if (text === useGallery.getState().search) return
    const timer = setTimeout(() => void loadGallery(text), 200)
    return () => clearTimeout(timer)
  }, [text])
  return (
    <label className="flex h-8 w-72 items-center gap-2 rounded-control bg-field px-2.5 text-faint focus-within:outline-2 focus-within:outline-accent">
      <Search size={14} aria-hidden />
      <input
        type="search"
        aria-label="Search pictures"
        placeholder="Search prompts, models, names"
        className="min-w-0 flex-1 bg-transparent text-ink outline-none"
        value={text}
        onChange={event => setText(event.target.value)}
      />
    </label>
  )
}

function Empty({ search }: { search: string }) {
  return (
    <div className="grid flex-1 place-items-center p-8 text-center">
      <div className="flex max-w-80 flex-col items-center gap-2 text-soft">
        <Images size={28} className="text-faint" aria-hidden />
        {search ? (
          <>
            <p className="text-ink">No picture for “{search}”</p>
            <p>Prompts, model names, workflow names and file names are searched.</p>
          </>
        ) : (
          <>
            <p className="text-ink">No pictures yet</p>
            <p>
              Run a workflow that ends in Save Image: what it makes appears here with its recipe.
            </p>
            <Button look="accent" className="mt-2" onClick={() => showRoom('editor')}>
              To the editor
            </Button>
          </>
        )}
      </div>
    </div>
  )
}

/** How many columns fit, and how wide they are. */
function useColumns(scroller: React.RefObject<HTMLDivElement | null>) {
  const [width, setWidth] = useState(0)
  useLayoutEffect(() => {
    const element = scroller.current!
    const measure = () => setWidth(element.clientWidth - 2 * padding)
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    return () => observer.disconnect()
  }, [scroller])
  const columns = Math.max(2, Math.floor((width + gap) / (leastTile + gap)))
  return { columns, tile: Math.max((width - gap * (columns - 1)) / columns, 1) }
}

function Grid({ outputs }: { outputs: Output[] }) {
  const scroller = useRef<HTMLDivElement>(null)
  const { columns, tile } = useColumns(scroller)
  const rows = useVirtualizer({
    count: Math.ceil(outputs.length / columns),
    getScrollElement: () => scroller.current,
    estimateSize: () => tile + gap,
    overscan: 3,
    paddingStart: padding,
    paddingEnd: padding,
    initialOffset: () => useGallery.getState().scrollTop,
  })
  // biome-ignore lint/correctness/useExhaustiveDependencies: another tile size means measure again
  useLayoutEffect(() => rows.measure(), [tile, rows])
  useLayoutEffect(() => {
    scroller.current!.scrollTop = useGallery.getState().scrollTop
  }, [])

  const focusTile = (index: number) => {
    rows.scrollToIndex(Math.floor(index / columns))
    requestAnimationFrame(() =>
      scroller.current?.querySelector<HTMLElement>(`[data-index="${index}"]`)?.focus(),
    )
  }
  const steps: Record<string, number> = {
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -columns,
    ArrowDown: columns,
  }

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: arrow keys walk over the pictures inside
    <div
      ref={scroller}
      className="min-h-0 flex-1 overflow-y-auto px-4"
      onScroll={event => {
        const { scrollTop, scrollHeight, clientHeight } = event.currentTarget
        useGallery.setState({ scrollTop })
        if (scrollHeight - scrollTop - clientHeight < 1200) void loadMore()
      }}
      onKeyDown={event => {
        const step = steps[event.key]
        const at = Number((event.target as HTMLElement).dataset.index)
        if (step === undefined || Number.isNaN(at)) return
        event.preventDefault()
        focusTile(Math.min(Math.max(at + step, 0), outputs.length - 1))
      }}
    >
      <div className="relative" style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map(row => (
          <div
            key={row.key}
            className="absolute inset-x-0 flex"
            style={{ gap, transform: `translateY(${row.start}px)` }}
          >
            {outputs.slice(row.index * columns, (row.index + 1) * columns).map((output, column) => (
              <Tile
                key={output.id}
                output={output}
                index={row.index * columns + column}
                size={tile}
              />
            ))}
          </div>
        ))}
      </div>
    </div>
  )
}

function toggle(id: number) {
  useGallery.setState(({ selected }) => {
    const next = new Set(selected)
    if (!next.delete(id)) next.add(id)
    return { selected: next }
  })
}

function Tile({ output, index, size }: { output: Output; index: number; size: number }) {
  const selected = useGallery(state => state.selected.has(output.id))
  const selecting = useGallery(state => state.selected.size > 0)
  const { id, hash, filename, width, height } = output
  return (
    <RightClickMenu entries={() => outputEntries(output)} className="group relative">
      <button
        type="button"
        data-testid="gallery-item"
        data-index={index}
        aria-label={`${filename}, ${width} × ${height}. Open it large.`}
        className={cx(
          'block overflow-hidden rounded-[8px] border bg-card',
          selected ? 'border-accent ring-2 ring-accent' : 'border-line hover:border-line-strong',
        )}
        style={{ width: size, height: size }}
        onClick={event => {
          if (selecting || event.ctrlKey || event.metaKey || event.shiftKey) toggle(id)
          else useGallery.setState({ open: id })
        }}
        onKeyDown={event => {
          if (event.key === 'Delete') void removeOutputs([id])
          if (event.key === 'x') toggle(id)
        }}
      >
        <img
          src={assetUrl(hash, 384)}
          alt=""
          loading="lazy"
          draggable={false}
          className="size-full object-cover"
        />
      </button>
      {/* biome-ignore lint/a11y/useSemanticElements: round, and over a picture */}
      <button
        type="button"
        role="checkbox"
        aria-checked={selected}
        aria-label={`Select ${filename}`}
        tabIndex={-1}
        className={cx(
          'absolute top-2 left-2 size-5 rounded-full border-2 border-white shadow-lift',
          selected ? 'bg-accent' : 'bg-black/30',
          !selected && !selecting && 'opacity-0 group-hover:opacity-100',
        )}
        onClick={() => toggle(id)}
      />
    </RightClickMenu>
  )
}
