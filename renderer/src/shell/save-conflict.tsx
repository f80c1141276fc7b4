// Two devices saved the same workflow: what to keep is the person's choice.
import { dropConflict, saveToAccount, useConflict } from '../stores/save-to-account.ts'
import { Button } from '../ui/button.tsx'
import { formatTime } from '../ui/format.ts'

export function SaveConflict() {
  const pending = useConflict(state => state.pending)
  if (!pending) return null
  const { workflow, name, conflict } = pending
  const from = conflict.device ? ` on ${conflict.device}` : ''
  return (
    <section
      role="alertdialog"
      aria-label="The saved workflow changed"
      data-testid="save-conflict"
      className="fixed bottom-16 left-1/2 z-40 w-[min(520px,92vw)] -translate-x-1/2 animate-appear rounded-card border border-warn/50 bg-card p-3 shadow-lift"
    >
      <h2 className="font-medium">
        “{name}” was also saved{from}
      </h2>
      <p className="mt-1 text-soft">
        Version {conflict.version}, {formatTime(conflict.updatedMs).toLowerCase()}. Keep yours as
        the newest version (theirs stays in the versions), or save yours beside it.
      </p>
      <div className="mt-3 flex flex-wrap gap-2">
        <Button look="accent" onClick={() => saveToAccount(workflow, 'replace')}>
          Mine as the newest
        </Button>
        <Button onClick={() => saveToAccount(workflow, 'copy')}>Save as a copy</Button>
        <Button look="plain" onClick={dropConflict}>
          Not now
        </Button>
      </div>
    </section>
  )
}
