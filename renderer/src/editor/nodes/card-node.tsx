// A node on the canvas. In a large graph seen from far only a plain box with its picture is drawn.

import type { NodeProps } from '@xyflow/react'
import { memo } from 'react'
import { useShallow } from 'zustand/react/shallow'
import type { Problem } from '../../../../engine/api/contract.ts'
import { titleOf } from '../../../../engine/graph/node-title.ts'
import { problemsOf, runAt, type Shown, selectRuns, shownAt, useRuns } from '../../stores/runs.ts'
import { shownPrefixes, useTabs } from '../../stores/tabs.ts'
import type { CardNode as FlowCard } from '../flow-elements.ts'
import { Card } from './card.tsx'
import { CardWell, chosenPicture } from './card-well.tsx'
import { NoteCard } from './note-card.tsx'
import { Ports } from './ports.tsx'
import { Reroute } from './reroute.tsx'

const noProblems: Problem[] = []

/** Whether a node of the run is this card, or lies inside it. */
const liesAt = (node: string, prefixes: readonly string[], id: string): boolean =>
  prefixes.some(prefix => node === prefix + id || node.startsWith(`${prefix}${id}:`))

export const CardNode = memo(function CardNode({ id, data, selected }: NodeProps<FlowCard>) {
  const workflow = useTabs(state => state.active)
  const prefixes = useTabs(shownPrefixes)
  const run = useRuns(state => runAt(selectRuns(state, workflow), prefixes, id))
  const shown = useRuns(state => shownAt(selectRuns(state, workflow), prefixes, id))
  const problems = useRuns(
    useShallow(state => {
      const runs = selectRuns(state, workflow)
      // What is only announced is marked on the card anyway; it need not hang over the neighbours.
      const all = runs.announced ? noProblems : problemsOf(runs)
      return all.length
        ? all.filter(({ node }) => node !== undefined && liesAt(node, prefixes, id))
        : noProblems
    }),
  )
  const { layout } = data
  if (layout.kind === 'reroute') return <Reroute data={data} selected={selected} />
  if (layout.kind === 'ports') return <Ports data={data} />
  if (data.far) {
    const state = problems.length ? 'failed' : run?.state
    return <FarBox data={data} selected={selected} state={state} shown={shown} />
  }
  if (layout.kind === 'note') return <NoteCard data={data} selected={selected} />
  return <Card data={data} selected={selected} run={run} shown={shown} problems={problems} />
})

interface FarProps {
  data: FlowCard['data']
  selected: boolean
  state?: string
  shown?: Shown
}

const edgeOf: Record<string, string> = {
  running: 'var(--accent)',
  failed: 'var(--bad)',
}

function FarBox({ data, selected, state, shown }: FarProps) {
  const { node, description, layout } = data
  const chosen = chosenPicture(data)
  const colour = selected ? 'var(--accent)' : (edgeOf[state ?? ''] ?? 'var(--line-strong)')
  return (
    <div
      data-testid={`node-${node.id}`}
      className="card relative overflow-hidden rounded-card bg-card px-3 py-2 text-[26px] leading-[32px] font-medium"
      data-mode={node.mode}
      style={{
        width: layout.width,
        height: layout.height,
        boxShadow: `0 0 0 ${selected || state === 'running' ? 5 : 2}px ${colour}`,
      }}
    >
      <p className="line-clamp-2">{titleOf(node, description)}</p>
      {layout.well && (shown || chosen) && (
        <CardWell well={layout.well} chosen={chosen} shown={shown} />
      )}
    </div>
  )
}
