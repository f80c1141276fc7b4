// Finds a node type and puts it on the canvas; from a loose link's end, only what fits is offered.
import { useEffect, useMemo, useRef } from 'react'
import { addNode, connect } from '../../../engine/graph/edit.ts'
import { useCatalogue } from '../stores/catalogue.ts'
import { edit, sealEdit, select } from '../stores/tabs.ts'
import { PickList } from '../ui/pick-list.tsx'
import { closePalette, type PaletteRequest, useCanvas } from './canvas-state.ts'
import { fittingSlot, offers, type PaletteOffer } from './palette-offers.ts'
import { socketColour, typeWords } from './socket-look.ts'

const width = 340
const height = 380
const cardWidth = 280

function place({ type }: PaletteOffer, request: PaletteRequest) {
  const { types } = useCatalogue.getState()
  const { from, place } = request
  const x = Math.round(from?.side === 'input' ? place.x - cardWidth : place.x)
  let made = ''
  const done = edit(`Add ${types[type]?.title ?? type}`, (document, at) => {
    const added = addNode(document, at, { type, x, y: Math.round(place.y) }, types)
    made = added.id
    const slot = from && types[type] && fittingSlot(types[type], from)
    if (!from || slot === undefined) return added.document
    return typeof slot === 'string'
      ? connect(added.document, at, {
          from: from.node,
          fromSlot: Number(from.handle.slice(2)),
          to: added.id,
          input: slot,
        })
      : connect(added.document, at, {
          from: added.id,
          fromSlot: slot,
          to: from.node,
          input: from.handle.slice(2),
        })
  })
  if (done) select([made])
  sealEdit()
  closePalette()
}

export function NodePalette() {
  const request = useCanvas(state => state.palette)
  return request ? <OpenPalette key={`${request.at.x},${request.at.y}`} request={request} /> : null
}

function OpenPalette({ request }: { request: PaletteRequest }) {
  const types = useCatalogue(state => state.types)
  const items = useMemo(() => offers(types, request.from), [types, request.from])
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const close = (event: PointerEvent) => {
      if (!box.current?.contains(event.target as Node)) closePalette()
    }
    addEventListener('pointerdown', close, true)
    return () => removeEventListener('pointerdown', close, true)
  }, [])
  const { from } = request
  return (
    <div
      ref={box}
      data-testid="palette"
      role="dialog"
      aria-label="Add a node"
      className="fixed z-40 overflow-hidden rounded-card border border-line bg-card shadow-lift animate-appear"
      style={{
        width,
        left: Math.max(8, Math.min(request.at.x, innerWidth - width - 8)),
        top: Math.max(8, Math.min(request.at.y, innerHeight - height - 8)),
      }}
    >
      <PickList
        items={items}
        texts={offer => offer.texts}
        keyOf={offer => offer.type}
        inputTestId="palette-input"
        placeholder={
          from
            ? `Nodes that ${from.side === 'output' ? 'take' : 'give'} ${typeWords(from.type)}`
            : 'Add a node'
        }
        nothing="No node by that name"
        onClose={closePalette}
        onPick={offer => place(offer, request)}
        row={({ title, category, colour, deprecated }) => (
          <span className="flex w-full min-w-0 items-center gap-2">
            <span
              aria-hidden
              className="size-2 shrink-0 rounded-full"
              style={{ background: socketColour(colour) }}
            />
            <span className="min-w-0 truncate">{title}</span>
            {deprecated && <span className="text-xs text-warn">old</span>}
            <span className="ml-auto max-w-[45%] shrink-0 truncate text-xs text-faint">
              {category}
            </span>
          </span>
        )}
      />
    </div>
  )
}
