// A picture was dropped: it may carry a workflow, and there are workflows that begin with a photo.
import { X } from 'lucide-react'
import { assetUrl } from '../host/assets.ts'
import { activeTab, useTabs } from '../stores/tabs.ts'
import { openTemplate, openText, useWorkflows } from '../stores/workflows.ts'
import { Button, IconButton } from '../ui/button.tsx'
import { useCanvas } from './canvas-state.ts'
import { takeAsImage } from './drop.ts'

const close = () => useCanvas.setState({ dropped: undefined })

export function DroppedBar() {
  const dropped = useCanvas(state => state.dropped)
  const templates = useWorkflows(state => state.templates)
  const hasTab = useTabs(state => activeTab(state) !== undefined)
  if (!dropped) return null
  const { asset, fileName } = dropped
  const fitting = templates.filter(({ takesImage }) => takesImage)
  const carries = asset.workflow !== undefined
  if (!carries && fitting.length === 0 && hasTab) return null
  return (
    <section
      aria-label="The dropped picture"
      data-testid="dropped-picture"
      className={`pointer-events-auto flex max-w-full items-center gap-3 rounded-card border border-line bg-card p-2 pr-1.5 shadow-lift animate-appear ${hasTab ? '' : 'fixed bottom-28 left-1/2 z-30 -translate-x-1/2'}`}
    >
      <img
        src={assetUrl(asset.hash, 128)}
        alt=""
        className="size-11 shrink-0 rounded-control object-cover"
      />
      <div className="min-w-0">
        <p className="truncate">
          {carries ? 'This picture carries its workflow' : 'What shall become of it?'}
        </p>
        <p className="truncate text-xs text-faint tabular">
          {fileName}, {asset.width} × {asset.height}
        </p>
      </div>
      <div className="flex flex-wrap gap-1.5">
        {carries ? (
          <>
            <Button
              look="accent"
              onClick={() => {
                void openText(fileName, asset.workflow!)
                close()
              }}
            >
              Open its workflow
            </Button>
            <Button onClick={() => void takeAsImage()}>Use as image</Button>
          </>
        ) : (
          <>
            {fitting.slice(0, 4).map(template => (
              <Button
                key={template.name}
                onClick={() => {
                  void openTemplate(template, asset.name)
                  close()
                }}
              >
                {template.title}
              </Button>
            ))}
            {!hasTab && (
              <Button
                onClick={async () => {
                  await takeAsImage()
                  close()
                }}
              >
                Empty canvas
              </Button>
            )}
          </>
        )}
      </div>
      <IconButton label="Dismiss" className="size-6!" onClick={close}>
        <X size={13} aria-hidden />
      </IconButton>
    </section>
  )
}
