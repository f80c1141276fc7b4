// What the node is doing, at the right of its title: queued, a ring while it runs, its time, an error.
import { CircleAlert, Clock, Zap } from 'lucide-react'
import type { NodeRun } from '../../stores/runs.ts'
import { formatDuration } from '../../ui/format.ts'
import { Ring } from '../../ui/ring.tsx'

export function NodeState({ run }: { run: NodeRun | undefined }) {
  if (!run) return null
  const { state, done, of, ms, doing } = run
  if (state === 'running') {
    const share = done !== undefined && of ? done / of : undefined
    return (
      <span className="flex items-center gap-1 text-xs text-accent-text tabular">
        {share !== undefined && !doing && of! > 1 && (
          <span>
            {done}/{of}
          </span>
        )}
        <Ring share={share} />
      </span>
    )
  }
  if (state === 'done') {
    return (
      <span className="flex items-center gap-1 text-xs text-faint tabular">
        {ms !== undefined && formatDuration(ms)}
      </span>
    )
  }
  if (state === 'cached') {
    return (
      <span title="Kept from an earlier run: nothing it depends on has changed">
        <Zap size={12} className="text-faint" aria-label="Kept from an earlier run" />
      </span>
    )
  }
  if (state === 'failed') return <CircleAlert size={14} className="text-bad" aria-label="Failed" />
  return <Clock size={12} className="text-faint" aria-label="Queued" />
}
