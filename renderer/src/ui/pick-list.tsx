// Search field and list with arrow keys: the heart of the node palette, the command palette and
// long choices. Only rows in view are mounted.
import { useVirtualizer } from '@tanstack/react-virtual'
import { Search } from 'lucide-react'
import { type ReactNode, useEffect, useId, useMemo, useRef, useState } from 'react'
import { cx } from './class-names.ts'
import { fuzzyFilter } from './fuzzy.ts'

interface Props<T> {
  items: readonly T[]
  /** What an item is found by, the most telling first. */
  texts: (item: T) => readonly string[]
  keyOf: (item: T) => string
  row: (item: T, active: boolean) => ReactNode
  onPick: (item: T) => void
  onClose: () => void
  placeholder: string
  /** Said when nothing matches. */
  nothing: string
  initial?: T
  /** Without a search field when the list is short. */
  searchable?: boolean
  rowHeight?: number
  inputTestId?: string
  /** Heights beyond this scroll. */
  maxHeight?: number
}

export function PickList<T>(props: Props<T>) {
  const { items, texts, keyOf, row, onPick, onClose, rowHeight = 30, maxHeight = 320 } = props
  const searchable = props.searchable ?? true
  const [query, setQuery] = useState('')
  const found = useMemo(() => fuzzyFilter(query, items, texts), [query, items, texts])
  const [active, setActive] = useState(() =>
    props.initial === undefined ? 0 : Math.max(0, items.indexOf(props.initial)),
  )
  const scroller = useRef<HTMLDivElement>(null)
  const listId = useId()
  const rows = useVirtualizer({
    count: found.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 6,
  })

  useEffect(() => {
    if (found.length) rows.scrollToIndex(Math.min(active, found.length - 1))
  }, [active, found.length, rows])

  useEffect(() => {
    if (!searchable) scroller.current?.focus()
  }, [searchable])

  const go = (step: number) =>
    setActive(at => (found.length ? (at + step + found.length) % found.length : 0))

  const onKeyDown = (event: React.KeyboardEvent) => {
    const picked = found[active]
    if (event.key === 'ArrowDown') go(1)
    else if (event.key === 'ArrowUp') go(-1)
    else if (event.key === 'PageDown') setActive(at => Math.min(at + 8, found.length - 1))
    else if (event.key === 'PageUp') setActive(at => Math.max(at - 8, 0))
    else if (event.key === 'Enter' && picked !== undefined) onPick(picked)
    else if (event.key === 'Escape') onClose()
    else if (event.key === 'Tab') onClose()
    else return
    event.preventDefault()
    event.stopPropagation()
  }

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys go to the search field or the list inside
    <div onKeyDown={onKeyDown}>
      {searchable && (
        <label className="flex h-9 items-center gap-2 border-b border-line px-3 text-faint">
          <Search size={14} aria-hidden />
          <input
            // biome-ignore lint/a11y/noAutofocus: it opened to be typed in
            autoFocus
            data-testid={props.inputTestId}
            role="combobox"
            aria-expanded
            aria-controls={listId}
            aria-activedescendant={found.length ? `${listId}-${active}` : undefined}
            aria-label={props.placeholder}
            className="w-full bg-transparent text-ink outline-none"
            placeholder={props.placeholder}
            value={query}
            spellCheck={false}
            onChange={event => {
              setQuery(event.target.value)
              setActive(0)
            }}
          />
        </label>
      )}
      <div
        ref={scroller}
        id={listId}
        role="listbox"
        tabIndex={searchable ? -1 : 0}
        className="overflow-y-auto p-1 outline-none"
        style={{ maxHeight }}
      >
        {found.length === 0 && <p className="px-2 py-3 text-faint">{props.nothing}</p>}
        <div className="relative" style={{ height: rows.getTotalSize() }}>
          {rows.getVirtualItems().map(({ index, start }) => {
            const item = found[index]!
            return (
              // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are handled above
              <div
                key={keyOf(item)}
                id={`${listId}-${index}`}
                role="option"
                tabIndex={-1}
                aria-selected={index === active}
                className={cx(
                  'absolute inset-x-0 flex items-center rounded-[5px] px-2',
                  index === active && 'bg-accent-soft',
                )}
                style={{ height: rowHeight, transform: `translateY(${start}px)` }}
                onPointerMove={() => index !== active && setActive(index)}
                onClick={() => onPick(item)}
              >
                {row(item, index === active)}
              </div>
            )
          })}
        </div>
      </div>
    </div>
  )
}
