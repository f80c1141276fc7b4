// One end of a possible link. While a link is drawn, sockets that fit light up, others step back.
import { Handle, Position } from '@xyflow/react'
import { memo } from 'react'
import { typesMatch } from '../../../../engine/graph/catalogue.ts'
import { type LooseEnd, useCanvas } from '../canvas-state.ts'
import type { SocketPlace } from '../card-layout.ts'
import { type SocketShape, socketColour, socketShape, typeWords } from '../socket-look.ts'

const shapes: Record<SocketShape, React.ReactNode> = {
  circle: <circle cx="5" cy="5" r="4.2" />,
  square: <rect x="1.2" y="1.2" width="7.6" height="7.6" rx="1.4" />,
  diamond: <path d="M5 0 10 5 5 10 0 5Z" />,
  triangle: <path d="M1 .8 9.6 5 1 9.2Z" />,
  hexagon: <path d="M2.6.7h4.8L9.9 5 7.4 9.3H2.6L.1 5Z" />,
  pentagon: <path d="M5 .2 9.8 3.8 8 9.4H2L.2 3.8Z" />,
}

interface Props {
  node: string
  place: SocketPlace
  linked: boolean
}

function fits(end: LooseEnd | undefined, { node, place }: Props): 'yes' | 'no' | undefined {
  if (!end) return undefined
  if (end.node === node) return end.handle === place.handle ? undefined : 'no'
  if (end.side === place.side) return 'no'
  const matches =
    end.side === 'output' ? typesMatch(end.type, place.type) : typesMatch(place.type, end.type)
  return matches ? 'yes' : 'no'
}

export const Socket = memo(function Socket(props: Props) {
  const { place, linked } = props
  const fit = useCanvas(state => fits(state.connecting, props))
  const colour = socketColour(place.type)
  const isInput = place.side === 'input'
  return (
    <Handle
      id={place.handle}
      type={isInput ? 'target' : 'source'}
      position={isInput ? Position.Left : Position.Right}
      className="socket"
      style={{ top: place.y, ['--socket' as string]: colour }}
      data-type={place.type}
      data-fits={fit}
      data-quiet={place.onWidget && !linked ? true : undefined}
      aria-label={`${isInput ? 'Input' : 'Output'} ${place.label}, ${typeWords(place.type)}`}
      title={`${place.label}: ${typeWords(place.type)}`}
    >
      <svg width="10" height="10" viewBox="0 0 10 10" aria-hidden>
        <g
          fill={linked || !isInput ? colour : 'var(--card)'}
          stroke={colour}
          strokeWidth={linked || !isInput ? 0.8 : 1.8}
          strokeDasharray={place.optional && !linked && !place.onWidget ? '2 1.2' : undefined}
        >
          {shapes[socketShape(place.type)]}
        </g>
      </svg>
    </Handle>
  )
})
