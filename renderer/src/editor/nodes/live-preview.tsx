import { selectRuns, useRuns } from '../../stores/runs.ts'
import { useTabs } from '../../stores/tabs.ts'

/** The picture as it is being made, hanging below the card that makes it. */
export const LivePreview = ({ url }: { url: string }) => (
  <div
    data-float
    className="pointer-events-none absolute inset-x-0 top-full mt-1.5 overflow-hidden rounded-card border border-line bg-card p-1.5 shadow-lift"
  >
    <img src={url} alt="Preview of what is being made" className="w-full rounded-control" />
  </div>
)

/** The newest preview of the running workflow, for cards where the picture will land. */
export function useWellPreview(wanted: boolean | undefined): string | undefined {
  const workflow = useTabs(state => state.active)
  return useRuns(state => {
    if (!wanted) return undefined
    for (const node of Object.values(selectRuns(state, workflow).nodes)) {
      if (node.state === 'running' && node.preview) return node.preview
    }
  })
}
