// Links between cards: near by SVG, selectable and re-pluggable; far out, where hundreds are in
// view and none can be grabbed, all on one canvas.
import { BaseEdge, type EdgeProps, getBezierPath, useStoreApi } from '@xyflow/react'
import { memo, useEffect, useRef } from 'react'
import type { CardNode, LinkEdge } from './flow-elements.ts'
import { socketColour } from './socket-look.ts'

export const LinkLine = memo(function LinkLine(props: EdgeProps<LinkEdge>) {
  const { data, sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition } = props
  const [path] = getBezierPath({
    sourceX,
    sourceY,
    targetX,
    targetY,
    sourcePosition,
    targetPosition,
  })
  return (
    <BaseEdge
      path={path}
      interactionWidth={14}
      style={{ stroke: socketColour(data?.type ?? '*'), opacity: data?.faded ? 0.3 : 0.85 }}
    />
  )
})

/** Colours as the canvas wants them, read off the style sheet once a theme. */
function resolver() {
  const style = getComputedStyle(document.documentElement)
  const known = new Map<string, string>()
  return (type: string) => {
    const colour = socketColour(type)
    let value = known.get(colour)
    if (value === undefined) {
      value = style.getPropertyValue(colour.slice(4, -1)).trim() || '#888'
      known.set(colour, value)
    }
    return value
  }
}

const socketAt = (node: CardNode, handle: string | null | undefined): number | undefined =>
  node.data.layout.sockets.find(place => place.handle === handle)?.y

export function FarLinks({ edges }: { edges: LinkEdge[] }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const store = useStoreApi()
  useEffect(() => {
    let queued = 0
    const colourOf = resolver()
    const draw = () => {
      queued = 0
      const { nodeLookup, transform, width, height } = store.getState()
      const element = canvas.current
      const context = element?.getContext('2d')
      if (!element || !context) return
      const ratio = devicePixelRatio
      if (element.width !== width * ratio || element.height !== height * ratio) {
        element.width = width * ratio
        element.height = height * ratio
      }
      const [x, y, zoom] = transform
      context.setTransform(1, 0, 0, 1, 0, 0)
      context.clearRect(0, 0, element.width, element.height)
      context.setTransform(zoom * ratio, 0, 0, zoom * ratio, x * ratio, y * ratio)
      context.lineWidth = Math.max(3, 1 / zoom)
      context.globalAlpha = 0.7
      const left = -x / zoom
      const top = -y / zoom
      const right = left + width / zoom
      const bottom = top + height / zoom
      for (const edge of edges) {
        const from = nodeLookup.get(edge.source)
        const to = nodeLookup.get(edge.target)
        if (!from || !to) continue
        const source = socketAt(from.internals.userNode as CardNode, edge.sourceHandle)
        const target = socketAt(to.internals.userNode as CardNode, edge.targetHandle)
        if (source === undefined || target === undefined) continue
        const x1 = from.internals.positionAbsolute.x + (from.width ?? 0)
        const y1 = from.internals.positionAbsolute.y + source
        const x2 = to.internals.positionAbsolute.x
        const y2 = to.internals.positionAbsolute.y + target
        const bend = Math.max(40, Math.abs(x2 - x1) / 2)
        if (Math.max(x1 + bend, x2) < left || Math.min(x1, x2 - bend) > right) continue
        if (Math.max(y1, y2) < top || Math.min(y1, y2) > bottom) continue
        context.strokeStyle = colourOf(edge.data?.type ?? '*')
        context.beginPath()
        context.moveTo(x1, y1)
        context.bezierCurveTo(x1 + bend, y1, x2 - bend, y2, x2, y2)
        context.stroke()
      }
    }
    draw()
    const stop = store.subscribe(() => {
      queued ||= requestAnimationFrame(draw)
    })
    return () => {
      stop()
      cancelAnimationFrame(queued)
    }
  }, [edges, store])
  return (
    <canvas ref={canvas} aria-hidden className="pointer-events-none absolute inset-0 size-full" />
  )
}
