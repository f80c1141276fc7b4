// Everything that is wrong with the workflow, in words; a click shows where.

import { ChevronDown, CircleAlert, LocateFixed, PackageX, X } from 'lucide-react'
import { useState } from 'react'
import { useShallow } from 'zustand/react/shallow'
import type { Problem } from '../../../engine/api/contract.ts'
import { titleOf } from '../../../engine/graph/node-title.ts'
import { useCatalogue } from '../stores/catalogue.ts'
import { problemsOf, selectRuns, setProblems, useRuns } from '../stores/runs.ts'
import { shownGraph, type Tab } from '../stores/tabs.ts'
import { Button, IconButton } from '../ui/button.tsx'
import { cx } from '../ui/class-names.ts'
import { jumpTo, mendOf } from './problem-mend.ts'

interface Row {
  problem: Problem
  /** Every node that has it. */
  nodes: string[]
}

function headingOf(count: number, announced: boolean): string {
  if (announced) {
    return count === 1
      ? 'One thing that this workflow needs is not here'
      : `${count} things that this workflow needs are not here`
  }
  return count === 1 ? 'One problem' : `${count} problems`
}

/** The same said of several nodes is one row. */
function alike(problems: readonly Problem[]): Row[] {
  const rows = new Map<string, Row>()
  for (const problem of problems) {
    const { node, nodeType, input, message, hint } = problem
    const key = [node && nodeType, input, message, hint].join('\n')
    const row = rows.get(key) ?? { problem, nodes: [] }
    if (node) row.nodes.push(node)
    rows.set(key, row)
  }
  return [...rows.values()]
}

export function Problems({ tab }: { tab: Tab }) {
  const problems = useRuns(useShallow(state => problemsOf(selectRuns(state, tab.id))))
  const announced = useRuns(state => selectRuns(state, tab.id).announced ?? false)
  const types = useCatalogue(state => state.types)
  const [fold, setFold] = useState<{ announced: boolean; folded: boolean }>()
  // What is missing on opening is said in one line; a refused run opens the list.
  const folded = fold?.announced === announced ? fold.folded : announced
  const rows = alike(problems)
  if (rows.length === 0) return null
  return (
    <section
      data-testid="problems"
      aria-label="Problems"
      className={cx(
        'pointer-events-auto w-[min(640px,100%)] overflow-hidden rounded-card border bg-card shadow-lift animate-appear',
        announced ? 'border-warn/50' : 'border-bad/50',
      )}
    >
      <header
        className={cx(
          'flex h-9 items-center gap-2 px-3',
          announced ? 'bg-warn-soft' : 'bg-bad-soft',
        )}
      >
        {announced ? (
          <PackageX size={14} className="text-warn" aria-hidden />
        ) : (
          <CircleAlert size={14} className="text-bad" aria-hidden />
        )}
        <h2 className="flex-1 font-medium">{headingOf(rows.length, announced)}</h2>
        <IconButton
          label={folded ? 'Show the problems' : 'Fold the problems'}
          aria-expanded={!folded}
          className="size-6!"
          onClick={() => setFold({ announced, folded: !folded })}
        >
          <ChevronDown size={13} className={folded ? 'rotate-180' : ''} aria-hidden />
        </IconButton>
        <IconButton label="Dismiss" className="size-6!" onClick={() => setProblems(tab.id, [])}>
          <X size={13} aria-hidden />
        </IconButton>
      </header>
      {!folded && (
        <ul className="max-h-56 overflow-y-auto py-1">
          {rows.slice(0, 100).map(({ problem, nodes }) => {
            const { node, input, nodeType, message, hint } = problem
            const mend = mendOf(problem, nodes)
            const shown = node ? shownGraph(tab).nodes[node] : undefined
            const title = shown ? titleOf(shown, types[shown.type]) : (nodeType ?? node)
            return (
              <li
                key={`${node} ${input} ${message}`}
                className="flex items-start gap-2 px-3 py-1.5"
              >
                <div className="selectable min-w-0 flex-1 wrap-anywhere">
                  {title && (
                    <span className="font-medium">
                      {title}
                      {nodes.length > 1 && ` (${nodes.length} times)`}:{' '}
                    </span>
                  )}
                  {message}
                  {hint && <span className="text-soft"> {hint}</span>}
                </div>
                {mend && (
                  <Button className="h-6!" onClick={mend.perform}>
                    {mend.label}
                  </Button>
                )}
                {node && (
                  <IconButton
                    label="Show the node"
                    className="size-6!"
                    onClick={() => jumpTo(node)}
                  >
                    <LocateFixed size={13} aria-hidden />
                  </IconButton>
                )}
              </li>
            )
          })}
        </ul>
      )}
    </section>
  )
}
