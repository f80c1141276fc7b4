import { CircleAlert, CircleCheck, X } from 'lucide-react'
import { dismissToast, type Toast, useToasts } from '../stores/toasts.ts'
import { Button } from '../ui/button.tsx'

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

function ToastCard({ id, kind, text, action }: Toast) {
  return (
    <div
      data-testid="toast"
      role={kind === 'error' ? 'alert' : undefined}
      className="pointer-events-auto flex items-start gap-2 rounded-card border border-line bg-card py-2 pr-1.5 pl-3 shadow-lift animate-appear"
    >
      {icons[kind]}
      <p className="selectable min-w-0 flex-1 py-px wrap-anywhere">{text}</p>
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
