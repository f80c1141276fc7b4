// A picture of the gallery, large, with the recipe that made it.
import { Copy, Dices, Download, ImagePlus, Maximize2, Trash2, Workflow } from 'lucide-react'
import { useEffect, useState } from 'react'
import type { Output, Recipe, Run } from '../../../../engine/api/contract.ts'
import { assetUrl } from '../../host/assets.ts'
import { host, reason } from '../../host/connection.ts'
import { loadMore, removeOutputs, useGallery } from '../../stores/gallery.ts'
import { toast } from '../../stores/toasts.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { formatBytes, formatDuration, formatTime } from '../../ui/format.ts'
import { Viewer } from '../../ui/viewer.tsx'
import { download, openItsWorkflow, takeAsInput, upscale, vary } from './output-actions.ts'

interface Opened {
  output: Output
  run: Run
  recipe: Recipe
}

function step(by: number) {
  const { outputs, open } = useGallery.getState()
  const at = outputs.findIndex(({ id }) => id === open)
  const next = outputs[at + by]
  if (next) useGallery.setState({ open: next.id })
  if (at + by > outputs.length - 8) void loadMore()
}

export function OpenOutput() {
  const id = useGallery(state => state.open)
  return id === undefined ? null : <OneOutput id={id} />
}

function OneOutput({ id }: { id: number }) {
  const known = useGallery(state => state.outputs.find(output => output.id === id))
  const [opened, setOpened] = useState<Opened>()
  const [failed, setFailed] = useState<string>()
  useEffect(() => {
    let late = false
    setFailed(undefined)
    host.outputs.open({ id }).then(
      answer => !late && setOpened(answer),
      error => !late && setFailed(reason(error)),
    )
    return () => {
      late = true
    }
  }, [id])
  const current = opened?.output.id === id ? opened : undefined
  const output = current?.output ?? known
  if (!output) return null
  const close = () => useGallery.setState({ open: undefined })
  return (
    <Viewer
      label={output.filename}
      url={assetUrl(output.hash)}
      onClose={close}
      onStep={step}
      onDelete={() => void removeOutputs([id])}
    >
      <div className="flex flex-col gap-4">
        <header>
          <h2 className="selectable text-[15px] font-semibold wrap-anywhere">{output.filename}</h2>
          <p className="text-faint tabular">
            {output.width} × {output.height}, {formatBytes(output.sizeBytes)},{' '}
            {formatTime(output.createdMs)}
          </p>
        </header>
        <div className="grid grid-cols-2 gap-1.5">
          <Button
            look="accent"
            data-testid="gallery-open-workflow"
            className="col-span-2 h-8!"
            onClick={() => openItsWorkflow(id)}
          >
            <Workflow size={14} aria-hidden /> Open workflow
          </Button>
          <Button onClick={() => vary(id)}>
            <Dices size={14} aria-hidden /> Vary
          </Button>
          <Button data-testid="gallery-upscale" onClick={() => upscale(output)}>
            <Maximize2 size={14} aria-hidden /> Upscale
          </Button>
          <Button onClick={() => takeAsInput(output)}>
            <ImagePlus size={14} aria-hidden /> Use as image
          </Button>
          <Button onClick={() => download(output)}>
            <Download size={14} aria-hidden /> Download
          </Button>
          <Button look="danger" className="col-span-2" onClick={() => removeOutputs([id])}>
            <Trash2 size={14} aria-hidden /> Delete
          </Button>
        </div>
        {failed && <p className="text-bad">The recipe did not arrive. {failed}</p>}
        {current && <RecipePart {...current} />}
      </div>
    </Viewer>
  )
}

function RecipePart({ recipe, run }: Opened) {
  const { positive, negative, seed, steps, cfg, sampler, scheduler, models } = recipe
  const took =
    run.startedMs && run.finishedMs ? formatDuration(run.finishedMs - run.startedMs) : undefined
  return (
    <dl className="flex flex-col gap-3">
      <Words label="Prompt" text={positive} />
      <Words label="Not wanted" text={negative} />
      <div className="grid grid-cols-2 gap-x-3 gap-y-2">
        <Fact label="Seed" value={seed} mono />
        <Fact label="Steps" value={steps} />
        <Fact label="Guidance" value={cfg} />
        <Fact label="Sampler" value={[sampler, scheduler].filter(Boolean).join(', ')} />
        <Fact label="Workflow" value={run.name} />
        <Fact label="Took" value={took} />
      </div>
      <Fact label={models.length > 1 ? 'Models' : 'Model'} value={models.join(', ')} />
    </dl>
  )
}

const copy = (text: string) =>
  navigator.clipboard?.writeText(text).then(
    () => toast('Copied', { kind: 'good' }),
    () => toast('The browser did not allow copying'),
  )

function Words({ label, text }: { label: string; text?: string }) {
  if (!text) return null
  return (
    <div>
      <dt className="flex items-center text-xs text-faint">
        <span className="flex-1">{label}</span>
        <IconButton label={`Copy: ${label}`} className="size-5!" onClick={() => copy(text)}>
          <Copy size={11} aria-hidden />
        </IconButton>
      </dt>
      <dd className="selectable max-h-48 overflow-y-auto whitespace-pre-wrap wrap-anywhere">
        {text}
      </dd>
    </div>
  )
}

function Fact({ label, value, mono }: { label: string; value?: string | number; mono?: boolean }) {
  if (value === undefined || value === '') return null
  return (
    <div className="min-w-0">
      <dt className="text-xs text-faint">{label}</dt>
      <dd className={`selectable wrap-anywhere tabular ${mono ? 'font-mono text-[12px]' : ''}`}>
        {value}
      </dd>
    </div>
  )
}
