import { useState } from 'react'
import { labelPort } from '../../../../engine/graph/subgraph-names.ts'
import { edit } from '../../stores/tabs.ts'
import { NameField } from '../../ui/name-field.tsx'
import type { SocketPlace } from '../card-layout.ts'
import type { CardData } from '../flow-elements.ts'
import { Socket } from './socket.tsx'

/** Where a subgraph's links come in or go out: its inputs on the left, its outputs on the right. */
export function Ports({ data }: { data: CardData }) {
  const { node, layout, linked } = data
  const [naming, setNaming] = useState<string>()
  const entrance = layout.sockets.some(({ side }) => side === 'output')
  const side = entrance ? 'inputs' : 'outputs'
  const name = ({ handle }: SocketPlace, label: string) => {
    const port = layout.sockets.findIndex(place => place.handle === handle)
    edit('Rename', (document, at) =>
      at === null ? document : labelPort(document, at, side, port, label),
    )
  }
  return (
    <section
      aria-label={`${node.title} of the subgraph`}
      className="card relative rounded-card border border-dashed border-line-strong bg-panel"
      style={{ width: layout.width, height: layout.height }}
    >
      <h3 className={`px-3.5 leading-[30px] text-faint ${entrance ? 'text-right' : ''}`}>
        {node.title}
      </h3>
      {layout.sockets.map(place => (
        <Socket
          key={place.handle}
          node={node.id}
          place={place}
          linked={entrance || linked.includes(place.name)}
        />
      ))}
      {layout.sockets.map(place => (
        <div
          key={place.handle}
          className={`absolute inset-x-3.5 flex ${entrance ? 'justify-end' : ''}`}
          style={{ top: place.y - 10 }}
        >
          {naming === place.handle ? (
            <NameField
              label="Name of the port"
              name={place.label}
              className="w-full"
              onName={label => name(place, label)}
              onDone={() => setNaming(undefined)}
            />
          ) : (
            <button
              type="button"
              title={`${place.label}. Double-click to name it`}
              className="nodrag nopan pointer-events-auto truncate text-soft"
              onDoubleClick={event => {
                event.stopPropagation()
                setNaming(place.handle)
              }}
              onKeyDown={event => event.key === 'Enter' && setNaming(place.handle)}
            >
              {place.label}
            </button>
          )}
        </div>
      ))}
    </section>
  )
}
