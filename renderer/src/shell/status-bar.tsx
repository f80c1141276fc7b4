// Engine state, memory and what was sent, always in sight.
import { CloudOff, PanelBottom, ShieldCheck } from 'lucide-react'
import { useConnection } from '../host/connection.ts'
import { useRuns } from '../stores/runs.ts'
import { useSystem } from '../stores/system.ts'
import { showRoom, toggleFold, useUi } from '../stores/ui.ts'
import { IconButton } from '../ui/button.tsx'
import { cx } from '../ui/class-names.ts'
import { formatBytes, providerWords } from '../ui/format.ts'
import { Tooltip } from '../ui/tooltip.tsx'

const engineWords = {
  starting: 'Engine is starting',
  ready: 'Ready',
  busy: 'Working',
  stopped: 'Engine is starting again',
}
const engineColour = { starting: 'bg-warn', ready: 'bg-good', busy: 'bg-accent', stopped: 'bg-bad' }

export function StatusBar() {
  const info = useSystem(state => state.info)
  const line = useConnection(state => state.line)
  const strip = useUi(state => state.queueStrip)
  const waiting = useRuns(({ queue }) => queue.pending.length)
  const paused = useRuns(({ queue }) => queue.paused)
  const state = line === 'open' ? (info?.engine ?? 'starting') : 'starting'
  return (
    <div className="flex h-7 items-center gap-4 px-2 text-xs text-soft tabular">
      <IconButton
        label="Queue strip"
        keys="q"
        className="h-5! w-6!"
        aria-pressed={strip}
        onClick={() => toggleFold('queueStrip')}
      >
        <PanelBottom size={13} aria-hidden />
      </IconButton>
      <span className="flex items-center gap-1.5" role="status">
        <span aria-hidden className={cx('size-1.5 rounded-full', engineColour[state])} />
        {line === 'open' ? engineWords[state] : 'Connecting to the engine'}
      </span>
      {waiting > 0 && (
        <span>
          {waiting} in the queue{paused && ', paused'}
        </span>
      )}
      <div className="flex-1" />
      {info && (
        <>
          <span className="hidden max-w-96 truncate min-[820px]:inline" title={info.hardware}>
            {info.hardware}
          </span>
          <span title="Where networks are computed">{providerWords(info.provider)}</span>
          <span title="Memory that ComfyRunner uses">{formatBytes(info.memoryBytes)}</span>
          <Tooltip text="Everything this app ever sent over the network. Click for the list.">
            <button
              type="button"
              data-testid="status-sent"
              className="flex h-5 items-center gap-1.5 rounded px-1.5 hover:bg-field hover:text-ink"
              onClick={() => showRoom('settings')}
            >
              {info.offline ? (
                <CloudOff size={12} aria-label="Offline" />
              ) : (
                <ShieldCheck size={12} className="text-good" aria-hidden />
              )}
              {formatBytes(info.sentBytes)} sent
            </button>
          </Tooltip>
        </>
      )}
    </div>
  )
}
