// A node's card: title row with its state, sockets left and right, widgets, a well for pictures.

import { ChevronRight, Eye, EyeOff, Layers, PackageX, Pin, Redo2 } from 'lucide-react'
import { useState } from 'react'
import type { Problem } from '../../../../engine/api/contract.ts'
import { setCollapsed, setMode, setPinned } from '../../../../engine/graph/edit.ts'
import { titleOf } from '../../../../engine/graph/node-title.ts'
import type { NodeRun, Shown } from '../../stores/runs.ts'
import { edit, enterCanvas, select } from '../../stores/tabs.ts'
import { useUi } from '../../stores/ui.ts'
import { cx } from '../../ui/class-names.ts'
import type { CardData } from '../flow-elements.ts'
import { CardCorner } from '../resize-corner.tsx'
import { WidgetField } from '../widgets/widget-field.tsx'
import { CardDoing } from './card-doing.tsx'
import { CardNotes } from './card-notes.tsx'
import { CardProblems } from './card-problems.tsx'
import { CardWell, chosenPicture } from './card-well.tsx'
import { LivePreview, useWellPreview } from './live-preview.tsx'
import { NodeState } from './node-state.tsx'
import { Socket } from './socket.tsx'
import { TitleField } from './title-field.tsx'

interface Props {
  data: CardData
  selected: boolean
  run?: NodeRun
  shown?: Shown
  problems: Problem[]
}

const borders = (selected: boolean, failed: boolean, running: boolean, missing: boolean) =>
  failed
    ? 'border-bad'
    : running
      ? 'border-accent'
      : selected
        ? 'border-accent'
        : missing
          ? 'border-warn/70 border-dashed'
          : 'border-line'

export function Card({ data, selected, run, shown, problems }: Props) {
  const { node, description, layout, linked } = data
  const running = run?.state === 'running'
  const failed = problems.length > 0 || run?.state === 'failed'
  const wellPreview = useWellPreview(layout.well?.holds === 'pictures' && description?.outputNode)
  const chosen = chosenPicture(data)
  return (
    <div
      data-testid={`node-${node.id}`}
      data-mode={node.mode}
      data-state={failed ? 'failed' : run?.state}
      className={cx(
        'card relative rounded-card border bg-card',
        borders(selected, failed, running, layout.kind === 'missing'),
        (selected || running) && 'ring-2 ring-accent/45',
      )}
      style={{
        width: layout.width,
        height: layout.height,
        ...(node.color
          ? { background: `color-mix(in oklab, ${node.color} 22%, var(--card))` }
          : {}),
      }}
    >
      <TitleRow data={data} run={failed ? { state: 'failed' } : run} />
      {layout.sockets.map(place => (
        <Socket
          key={place.handle}
          node={node.id}
          place={place}
          linked={place.side === 'output' || linked.includes(place.name)}
        />
      ))}
      {!node.collapsed && (
        <>
          <SocketLabels data={data} />
          {layout.widgets.map(({ name, widget, y, height }) => (
            <div
              key={name}
              data-widget={name}
              className="absolute inset-x-2.5"
              style={{ top: y, height: height - 3 }}
            >
              <WidgetField
                node={node}
                name={name}
                label={labelOf(data, name)}
                widget={widget}
                linked={linked.includes(name)}
              />
            </div>
          ))}
          {layout.folded > 0 && <FoldedRow data={data} />}
          {layout.kept.map(({ name, value, y }) => (
            <p
              key={name}
              className="absolute inset-x-3 flex gap-2 text-faint"
              style={{ top: y }}
              title={String(value)}
            >
              <span className="truncate">{name}</span>
              <span className="ml-auto max-w-[60%] truncate text-soft">{String(value)}</span>
            </p>
          ))}
          {layout.well && (
            <CardWell well={layout.well} chosen={chosen} shown={shown} preview={wellPreview} />
          )}
        </>
      )}
      {!node.collapsed && <CardCorner data={data} />}
      {running && run.doing && <CardDoing doing={run.doing} done={run.done} of={run.of} />}
      {running && run.preview && <LivePreview url={run.preview} />}
      {problems.length > 0 ? (
        <CardProblems problems={problems} />
      ) : (
        !(running && run.doing) &&
        layout.well?.holds !== 'texts' &&
        shown &&
        shown.texts.length > 0 && <CardNotes notes={shown.texts} />
      )}
    </div>
  )
}

const labelOf = ({ node }: CardData, name: string) =>
  node.inputs.find(slot => slot.widget === name)?.label

function TitleRow({ data, run }: { data: CardData; run?: NodeRun }) {
  const { node, description, layout } = data
  const [naming, setNaming] = useState(false)
  const title = titleOf(node, description)
  const isSubgraph = description?.category === 'subgraph'
  const fold = () =>
    edit(node.collapsed ? 'Unfold' : 'Fold', (document, at) =>
      setCollapsed(document, at, [node.id], !node.collapsed),
    )
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: a second way; the menu and the buttons inside do it by key
    <div
      className="flex h-[30px] items-center gap-1 pr-2.5 pl-1.5"
      onDoubleClick={event => {
        event.stopPropagation()
        if (isSubgraph) enterCanvas(node.type)
        else setNaming(true)
      }}
    >
      <button
        type="button"
        aria-label={node.collapsed ? 'Unfold the card' : 'Fold the card'}
        aria-expanded={!node.collapsed}
        className="nodrag grid size-5 place-items-center rounded text-faint hover:bg-field hover:text-ink"
        onClick={fold}
      >
        <ChevronRight size={13} aria-hidden className={node.collapsed ? '' : 'rotate-90'} />
      </button>
      {naming ? (
        <TitleField node={node} title={title} onDone={() => setNaming(false)} />
      ) : (
        <span className="min-w-0 flex-1 truncate font-medium" title={title}>
          {title}
        </span>
      )}
      {layout.kind === 'missing' && (
        <span
          className="flex items-center gap-1 text-xs text-warn"
          title={`No node type “${node.type}” here. Its values are kept.`}
        >
          <PackageX size={13} aria-hidden /> missing
        </span>
      )}
      {isSubgraph && (
        <button
          type="button"
          aria-label="Open the subgraph"
          title="Open the subgraph"
          className="nodrag grid size-5 place-items-center rounded text-faint hover:bg-field hover:text-ink"
          onClick={() => enterCanvas(node.type)}
        >
          <Layers size={13} aria-hidden />
        </button>
      )}
      {node.pinned && (
        <button
          type="button"
          aria-label="Unpin"
          title="Pinned: it stays where it is. Click to unpin"
          className="nodrag grid size-5 place-items-center rounded text-faint hover:bg-field hover:text-ink"
          onClick={() => edit('Unpin', (doc, at) => setPinned(doc, at, [node.id], false))}
        >
          <Pin size={12} aria-hidden />
        </button>
      )}
      {node.mode !== 'always' && (
        <button
          type="button"
          className="nodrag flex h-5 items-center gap-1 rounded bg-field px-1.5 text-xs"
          title="Make it work again"
          onClick={() =>
            edit('Make it work again', (document, at) => setMode(document, at, [node.id], 'always'))
          }
        >
          {node.mode === 'mute' ? (
            <EyeOff size={11} aria-hidden />
          ) : (
            <Redo2 size={11} aria-hidden />
          )}
          {node.mode === 'mute' ? 'muted' : 'bypassed'}
        </button>
      )}
      {node.mode === 'always' && <NodeState run={run} />}
    </div>
  )
}

function SocketLabels({ data: { layout } }: { data: CardData }) {
  return layout.sockets
    .filter(({ onWidget }) => !onWidget)
    .map(({ handle, side, label, y, optional }) => (
      <span
        key={handle}
        className={cx(
          'pointer-events-none absolute max-w-[58%] truncate',
          side === 'input' ? 'left-3.5' : 'right-3.5 text-right',
          optional ? 'text-faint' : 'text-soft',
        )}
        style={{ top: y - 10 }}
      >
        {label}
      </span>
    ))
}

function FoldedRow({ data: { node, layout } }: { data: CardData }) {
  const last = layout.widgets.at(-1)
  const top = last ? last.y + last.height : Math.max(...layout.sockets.map(({ y }) => y), 30) + 12
  return (
    <button
      type="button"
      className="nodrag absolute left-3 flex h-5 items-center gap-1 text-xs text-faint hover:text-ink"
      style={{ top }}
      onClick={() => {
        select([node.id])
        useUi.setState({ inspector: true, focus: false })
      }}
    >
      <Eye size={11} aria-hidden /> {layout.folded} more in the inspector
    </button>
  )
}
