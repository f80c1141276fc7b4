import { perform } from '../commands/registry.ts'
import { openTemplate, useWorkflows } from '../stores/workflows.ts'
import { Button } from '../ui/button.tsx'
import { openPalette } from './canvas-state.ts'

/** What can be done with nothing on the canvas. Lets the canvas below be clicked. */
export function EmptyCanvas() {
  const first = useWorkflows(({ templates }) => templates[0])
  return (
    <div className="pointer-events-none absolute inset-0 grid place-items-center">
      <div className="text-center text-soft">
        <p className="text-[15px] text-ink">An empty canvas</p>
        <p className="mt-1">Double-click to add a node, or drop a photo.</p>
        <div className="pointer-events-auto mt-4 flex justify-center gap-2">
          <Button look="accent" onClick={() => openPalette()}>
            Add a node
          </Button>
          {first && <Button onClick={() => openTemplate(first)}>{first.title}</Button>}
          <Button onClick={() => perform('open-file')}>Open a workflow</Button>
        </div>
      </div>
    </div>
  )
}
