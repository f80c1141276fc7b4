// Words on the canvas. They never run. A double-click writes; otherwise they are read.

import { useState } from 'react'
import { setValue } from '../../../../engine/graph/edit.ts'
import { titleOf } from '../../../../engine/graph/node-title.ts'
import { edit, sealEdit } from '../../stores/tabs.ts'
import { typingKey } from '../../stores/typing.ts'
import { cx } from '../../ui/class-names.ts'
import type { CardData } from '../flow-elements.ts'
import { CardCorner } from '../resize-corner.tsx'
import { NoteText } from './note-text.tsx'

export function NoteCard({ data, selected }: { data: CardData; selected: boolean }) {
  const { node, description, layout } = data
  const [writing, setWriting] = useState(false)
  const held = Object.entries(node.values).find(([, value]) => typeof value === 'string')
  const field =
    description?.inputs.find(({ widget }) => widget?.kind === 'text')?.name ?? held?.[0] ?? 'text'
  const text = String(node.values[field] ?? held?.[1] ?? '')
  return (
    <div
      data-testid={`node-${node.id}`}
      className={cx(
        'card note relative flex flex-col rounded-card border',
        selected ? 'border-accent ring-2 ring-accent/45' : 'border-line',
      )}
      style={{ width: layout.width, height: layout.height }}
    >
      <p className="flex h-[30px] shrink-0 items-center truncate px-3 font-medium">
        {titleOf(node, description)}
      </p>
      {!node.collapsed && (writing || text === '') ? (
        <textarea
          // biome-ignore lint/a11y/noAutofocus: it was double-clicked to be written in
          autoFocus={writing}
          aria-label="Note"
          data-document-text
          placeholder="Write a note"
          value={text}
          className="nodrag nowheel min-h-0 flex-1 resize-none bg-transparent px-3 pb-2 outline-none"
          onKeyDown={event => event.key === 'Escape' && event.currentTarget.blur()}
          onChange={event =>
            edit(
              'Change a note',
              (document, at) => setValue(document, at, node.id, field, event.target.value),
              typingKey(`value:${node.id}:${field}`, text, event.target.value),
            )
          }
          onFocus={() => setWriting(true)}
          onBlur={() => {
            setWriting(false)
            sealEdit()
          }}
        />
      ) : (
        !node.collapsed && (
          <button
            type="button"
            aria-label={`Note: ${text.slice(0, 200)}. Press Enter to write in it.`}
            className="nowheel flex min-h-0 flex-1 flex-col items-stretch justify-start overflow-y-auto px-3 pb-2 text-left wrap-anywhere"
            onDoubleClick={event => {
              event.stopPropagation()
              setWriting(true)
            }}
            onKeyDown={event => event.key === 'Enter' && setWriting(true)}
          >
            <NoteText text={text} />
          </button>
        )
      )}
      {!node.collapsed && <CardCorner data={data} />}
    </div>
  )
}
