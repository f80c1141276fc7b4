// What is wrong with this node, in words, hanging below its card; the mend is a button.
import { CircleAlert } from 'lucide-react'
import type { Problem } from '../../../../engine/api/contract.ts'
import { Button } from '../../ui/button.tsx'
import { mendOf } from '../problem-mend.ts'

export function CardProblems({ problems }: { problems: Problem[] }) {
  return (
    <div
      data-float
      role="alert"
      className="nodrag selectable absolute inset-x-0 top-full mt-1.5 rounded-card border border-bad/50 bg-card shadow-lift"
    >
      {problems.slice(0, 4).map(problem => {
        const mend = mendOf(problem)
        return (
          <div key={problem.message} className="flex gap-2 rounded-card bg-bad-soft px-2.5 py-2">
            <CircleAlert size={14} className="mt-0.5 shrink-0 text-bad" aria-hidden />
            <div className="min-w-0 flex-1 wrap-anywhere">
              {problem.message}
              {problem.hint && <p className="text-soft">{problem.hint}</p>}
              {mend && (
                <Button className="mt-1.5" onClick={mend.perform}>
                  {mend.label}
                </Button>
              )}
            </div>
          </div>
        )
      })}
    </div>
  )
}
