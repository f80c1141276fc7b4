// The runs: finished ones as thumbnails, the running one with its progress, waiting ones in order.
import { Check, Pause, Play, Trash2, X } from 'lucide-react'
import type { Run } from '../../../engine/api/contract.ts'
import { perform } from '../commands/registry.ts'
import { jumpTo } from '../editor/problem-mend.ts'
import { assetUrl } from '../host/assets.ts'
import { host, reason } from '../host/connection.ts'
import { useGallery } from '../stores/gallery.ts'
import { cancelRun } from '../stores/run-actions.ts'
import { selectRuns, useRuns } from '../stores/runs.ts'
import { toastError } from '../stores/toasts.ts'
import { useUi } from '../stores/ui.ts'
import { openStored } from '../stores/workflows.ts'
import { IconButton } from '../ui/button.tsx'
import { cx } from '../ui/class-names.ts'
import { formatDuration } from '../ui/format.ts'
import { Ring } from '../ui/ring.tsx'

const runType = 'application/x-comfyrunner-run'
const tile =
  'group relative h-14 w-14 shrink-0 overflow-hidden rounded-control border bg-card text-xs'

export function QueueStrip() {
  const shown = useUi(state => state.queueStrip)
  const { running, pending, paused } = useRuns(state => state.queue)
  const finished = useRuns(state => state.finished)
  if (!shown) return null
  const empty = !running && pending.length === 0 && finished.length === 0
  return (
    <section
      aria-label="Queue"
      data-testid="queue-strip"
      className="flex h-[72px] items-center gap-2 border-b border-line px-2"
    >
      <div className="flex flex-col gap-1">
        <IconButton
          label={paused ? 'Go on with the queue' : 'Pause the queue after this run'}
          className="h-6! w-6!"
          aria-pressed={paused}
          onClick={() => perform('pause-queue')}
        >
          {paused ? <Play size={13} aria-hidden /> : <Pause size={13} aria-hidden />}
        </IconButton>
        <IconButton
          label="Clear the queue"
          className="h-6! w-6!"
          disabled={pending.length === 0}
          onClick={() => perform('clear-queue')}
        >
          <Trash2 size={13} aria-hidden />
        </IconButton>
      </div>
      {empty && (
        <p className="text-faint">Runs appear here: what waits, what works, what came out.</p>
      )}
      <div className="flex min-w-0 flex-1 items-center gap-2 overflow-x-auto py-1">
        {pending.toReversed().map(run => (
          <Waiting key={run.id} run={run} pending={pending} />
        ))}
        {running && <Running key={running.id} run={running} />}
        {finished.map(run => (
          <Finished key={run.id} run={run} />
        ))}
      </div>
    </section>
  )
}

function Waiting({ run, pending }: { run: Run; pending: Run[] }) {
  const place = pending.indexOf(run)
  // The newest stands leftmost, so "dropped onto" means: run after it.
  const dropAfter = (moved: string) => {
    const before = pending.filter(({ id }) => id !== moved)
    const next = before[before.indexOf(run) + 1]
    host.runs
      .move({ id: moved, before: next?.id })
      .catch(error => toastError(`Not moved. ${reason(error)}`))
  }
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dragging reorders; “Run next” does it by key
    <div
      className={cx(tile, 'cursor-grab border-dashed border-line-strong p-1.5')}
      title={`${run.name}: ${place === 0 ? 'next' : `${place} before it`}. Drag to reorder.`}
      draggable
      onDragStart={event => event.dataTransfer.setData(runType, run.id)}
      onDragOver={event => event.dataTransfer.types.includes(runType) && event.preventDefault()}
      onDrop={event => {
        const moved = event.dataTransfer.getData(runType)
        if (moved && moved !== run.id) dropAfter(moved)
      }}
    >
      <span className="line-clamp-2 leading-4 text-soft">{run.name}</span>
      <span className="absolute right-1.5 bottom-0.5 text-faint tabular">{place + 1}</span>
      <TileButton label={`Take ${run.name} out of the queue`} onClick={() => cancelRun(run.id)} />
    </div>
  )
}

const TileButton = ({ label, onClick }: { label: string; onClick: () => void }) => (
  <button
    type="button"
    aria-label={label}
    title={label}
    className="absolute top-0.5 right-0.5 grid size-4 place-items-center rounded bg-card text-soft opacity-0 group-hover:opacity-100 hover:text-ink focus-visible:opacity-100"
    onClick={onClick}
  >
    <X size={11} aria-hidden />
  </button>
)

function Running({ run }: { run: Run }) {
  const { nodes, run: shownRun } = useRuns(state => selectRuns(state, run.workflow ?? run.id))
  const mine = shownRun === run.id
  const working = mine ? Object.values(nodes).find(({ state }) => state === 'running') : undefined
  const share = working?.of ? (working.done ?? 0) / working.of : undefined
  return (
    <div className={cx(tile, 'border-accent ring-2 ring-accent/40')}>
      {working?.preview && <img src={working.preview} alt="" className="size-full object-cover" />}
      <button
        type="button"
        aria-label={`Show ${run.name}, running`}
        title={`${run.name}: running`}
        className="absolute inset-0 grid place-items-center"
        onClick={() => run.workflow && openStored(run.workflow)}
      >
        <span className="rounded-full bg-card/80 p-1">
          <Ring share={share} size={20} />
        </span>
      </button>
      <TileButton label={`Cancel ${run.name}`} onClick={() => cancelRun(run.id)} />
    </div>
  )
}

const endWords = { failed: 'failed', interrupted: 'cancelled' } as Record<string, string>

function Finished({ run }: { run: Run }) {
  const output = run.outputs[0]
  const took = run.startedMs && run.finishedMs ? formatDuration(run.finishedMs - run.startedMs) : ''
  const open = async () => {
    if (output) return useGallery.setState({ open: output.id })
    if (run.workflow) await openStored(run.workflow)
    if (run.failure?.node) jumpTo(run.failure.node)
  }
  return (
    <button
      type="button"
      className={cx(tile, run.state === 'failed' ? 'border-bad/70' : 'border-line')}
      title={[run.name, endWords[run.state] ?? took, run.failure?.message]
        .filter(Boolean)
        .join(': ')}
      aria-label={`${run.name}, ${endWords[run.state] ?? 'done'}`}
      onClick={open}
    >
      {output ? (
        <img src={assetUrl(output.hash, 128)} alt="" className="size-full object-cover" />
      ) : (
        <span
          className={cx(
            'grid size-full place-items-center text-[11px]',
            run.state === 'failed' ? 'text-bad' : 'text-faint',
          )}
        >
          {endWords[run.state] ?? <Check size={16} aria-label="done" />}
        </span>
      )}
      {run.outputs.length > 1 && (
        <span className="absolute right-0.5 bottom-0.5 rounded bg-card/85 px-1 tabular">
          {run.outputs.length}
        </span>
      )}
    </button>
  )
}
