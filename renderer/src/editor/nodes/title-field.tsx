import { useRef } from 'react'
import type { GraphNode } from '../../../../engine/graph/document.ts'
import { renameNode } from '../../../../engine/graph/edit.ts'
import { edit } from '../../stores/tabs.ts'

interface Props {
  node: GraphNode
  title: string
  onDone: () => void
}

/** Renames a node in place. Empty gives the type's own name back. */
export function TitleField({ node, title, onDone }: Props) {
  const dropped = useRef(false)
  return (
    <input
      // biome-ignore lint/a11y/noAutofocus: its title was double-clicked
      autoFocus
      aria-label="Title"
      defaultValue={title}
      className="nodrag min-w-0 flex-1 rounded bg-field px-1 font-medium"
      onFocus={event => event.target.select()}
      onDoubleClick={event => event.stopPropagation()}
      onKeyDown={event => {
        event.stopPropagation()
        if (event.key === 'Escape') dropped.current = true
        if (event.key === 'Enter' || event.key === 'Escape') event.currentTarget.blur()
      }}
      onBlur={event => {
        const { value } = event.target
        if (!dropped.current && value !== title) {
          edit('Rename', (document, at) => renameNode(document, at, node.id, value.trim()))
        }
        onDone()
      }}
    />
  )
}
