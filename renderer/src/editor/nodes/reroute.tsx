import { cx } from '../../ui/class-names.ts'
import type { CardData } from '../flow-elements.ts'
import { Socket } from './socket.tsx'

/** A bend in a link. */
export function Reroute({ data, selected }: { data: CardData; selected: boolean }) {
  const { node, layout, linked } = data
  return (
    <div
      data-testid={`node-${node.id}`}
      title={node.title || 'Reroute'}
      className={cx(
        'card relative grid place-items-center rounded-full border bg-card text-faint',
        selected ? 'border-accent ring-2 ring-accent/45' : 'border-line',
      )}
      style={{ width: layout.width, height: layout.height }}
    >
      <span aria-hidden className="h-px w-[55%] bg-line-strong" />
      {layout.sockets.map(place => (
        <Socket
          key={place.handle}
          node={node.id}
          place={place}
          linked={place.side === 'output' || linked.includes(place.name)}
        />
      ))}
    </div>
  )
}
