// Everything that is wrong with the workflow, in words; a click shows where.
import { ChevronDown, CircleAlert, LocateFixed, X } from 'lucide-react'
import { useState } from 'react'
import { useShallow } from 'zustand/react/shallow'
import { problemsOf, selectRuns, setProblems, useRuns } from '../stores/runs.ts'
import { shownGraph, type Tab } from '../stores/tabs.ts'
import { Button, IconButton } from '../ui/button.tsx'
import { jumpTo, mendOf } from './problem-mend.ts'

export function Problems({ tab }: { tab: Tab }) {
  const problems = useRuns(useShallow(state => problemsOf(selectRuns(state, tab.id))))
  const [folded, setFolded] = useState(false)
  if (problems.length === 0) return null
  return (
    <section
      data-testid="problems"
      aria-label="Problems"
      className="pointer-events-auto w-[min(640px,100%)] overflow-hidden rounded-card border border-bad/50 bg-card shadow-lift animate-appear"
    >
      <header className="flex h-9 items-center gap-2 bg-bad-soft px-3">
        <CircleAlert size={14} className="text-bad" aria-hidden />
        <h2 className="flex-1 font-medium">
          {problems.length === 1 ? 'One problem' : `${problems.length} problems`}
        </h2>
        <IconButton
          label={folded ? 'Show the problems' : 'Fold the problems'}
          aria-expanded={!folded}
          className="size-6!"
          onClick={() => setFolded(!folded)}
        >
          <ChevronDown size={13} className={folded ? 'rotate-180' : ''} aria-hidden />
        </IconButton>
        <IconButton label="Dismiss" className="size-6!" onClick={() => setProblems(tab.id, [])}>
          <X size={13} aria-hidden />
        </IconButton>
      </header>
      {!folded && (
        <ul className="max-h-56 overflow-y-auto py-1">
          {problems.slice(0, 100).map(problem => {
            const { node, input, nodeType, message, hint } = problem
            const mend = mendOf(problem)
            const title = node
              ? (shownGraph(tab).nodes[node]?.title ?? nodeType ?? node)
              : undefined
            return (
              <li
                key={`${node} ${input} ${message}`}
                className="flex items-start gap-2 px-3 py-1.5"
              >
                <div className="selectable min-w-0 flex-1 wrap-anywhere">
                  {title && <span className="font-medium">{title}: </span>}
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
