import { CircleAlert, CircleCheck, X } from 'lucide-react'
import { dismissToast, type Toast, useToasts } from '../stores/toasts.ts'
import { Button } from '../ui/button.tsx'
import { cx } from '../ui/class-names.ts'

const icons = {
  info: null,
  good: <CircleCheck size={15} className="mt-0.5 shrink-0 text-good" aria-hidden />,
  error: <CircleAlert size={15} className="mt-0.5 shrink-0 text-bad" aria-hidden />,
}

export function Toasts() {
  const toasts = useToasts(state => state.toasts)
  return (
    <section
      aria-label="Notices"
      aria-live="polite"
      className="pointer-events-none fixed top-12 right-3 z-70 flex w-88 flex-col gap-2"
    >
      {toasts.map(toast => (
        <ToastCard key={toast.id} {...toast} />
      ))}
    </section>
  )
}

/** In a page's header: two lines at most, what is cut off is in the tooltip. */
export function NewestToast() {
  const newest = useToasts(state => state.toasts.at(-1))
  return (
    <section aria-label="Notices" aria-live="polite" className="ml-auto min-w-0 max-w-[70%]">
      {newest && <ToastCard key={newest.id} {...newest} inHeader />}
    </section>
  )
}

function ToastCard({ id, kind, text, action, inHeader }: Toast & { inHeader?: boolean }) {
  return (
    <div
      data-testid="toast"
      role={kind === 'error' ? 'alert' : undefined}
      className={cx(
        'pointer-events-auto flex gap-2 rounded-card border border-line bg-card pr-1.5 pl-3 animate-appear',
        inHeader ? 'items-center' : 'items-start py-2 shadow-lift',
      )}
    >
      {icons[kind]}
      <p
        title={inHeader ? text : undefined}
        className={cx('selectable min-w-0 flex-1 py-px wrap-anywhere', inHeader && 'line-clamp-2')}
      >
        {text}
      </p>
      {action && (
        <Button
          className="h-6! px-2!"
          onClick={() => {
            dismissToast(id)
            action.perform()
          }}
        >
          {action.label}
        </Button>
      )}
      <button
        type="button"
        aria-label="Dismiss"
        className="grid size-6 shrink-0 place-items-center rounded text-faint hover:bg-field hover:text-ink"
        onClick={() => dismissToast(id)}
      >
        <X size={13} aria-hidden />
      </button>
    </div>
  )
}
