import type { CardData } from '../flow-elements.ts'
import { Socket } from './socket.tsx'

/** Where a subgraph's links come in or go out: its inputs on the left, its outputs on the right. */
export function Ports({ data }: { data: CardData }) {
  const { node, layout, linked } = data
  const entrance = layout.sockets.some(({ side }) => side === 'output')
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
      {layout.sockets.map(({ handle, label, y }) => (
        <span
          key={handle}
          className={`pointer-events-none absolute inset-x-3.5 truncate text-soft ${entrance ? 'text-right' : ''}`}
          style={{ top: y - 10 }}
        >
          {label}
        </span>
      ))}
    </section>
  )
}
