// What forms of the account have in common.
import { type InputHTMLAttributes, type ReactNode, useState } from 'react'
import { reason } from '../../host/connection.ts'
import { Button } from '../../ui/button.tsx'
import { Ring } from '../../ui/ring.tsx'

interface FieldProps extends Omit<InputHTMLAttributes<HTMLInputElement>, 'onChange'> {
  label: string
  hint?: string
  onChange: (value: string) => void
}

export const Field = ({ label, hint, onChange, ...rest }: FieldProps) => (
  <label className="block">
    <span className="text-soft">{label}</span>
    <input
      className="mt-1 block h-8 w-full rounded-control bg-field px-2.5"
      onChange={event => onChange(event.target.value)}
      {...rest}
    />
    {hint && <span className="mt-1 block text-xs text-faint">{hint}</span>}
  </label>
)

interface CodeFieldProps {
  label?: string
  code: string
  setCode: (code: string) => void
}

/** Six digits from a mail. */
export const CodeField = ({ label = 'Code of six digits', code, setCode }: CodeFieldProps) => (
  <Field
    label={label}
    inputMode="numeric"
    autoComplete="one-time-code"
    autoFocus
    maxLength={10}
    className="mt-1 block h-8 w-full rounded-control bg-field px-2.5 font-mono tracking-[0.3em]"
    value={code}
    onChange={setCode}
  />
)

interface Task {
  busy: boolean
  /** What went wrong the last time. */
  said: string | undefined
  run: (work: () => Promise<unknown>) => Promise<boolean>
}

/** One thing at a time, with its failure in words. */
export function useTask(): Task {
  const [busy, setBusy] = useState(false)
  const [said, setSaid] = useState<string>()
  return {
    busy,
    said,
    async run(work) {
      setBusy(true)
      setSaid(undefined)
      try {
        await work()
        return true
      } catch (error) {
        setSaid(reason(error))
        return false
      } finally {
        setBusy(false)
      }
    },
  }
}

export const Said = ({ children }: { children: ReactNode }) =>
  children ? (
    <p role="alert" className="selectable rounded-control bg-bad-soft px-2.5 py-1.5 text-bad">
      {children}
    </p>
  ) : null

interface SubmitProps {
  task: Task
  children: ReactNode
  disabled?: boolean
  look?: 'accent' | 'soft' | 'danger'
  className?: string
}

export const Submit = ({ task, children, disabled, look = 'accent', className }: SubmitProps) => (
  <Button type="submit" look={look} className={className} disabled={disabled || task.busy}>
    {task.busy && <Ring size={12} />}
    {children}
  </Button>
)

/** Leads to a page of another server, in the system's browser. */
export function openInBrowser(url: string) {
  window.open(url, '_blank', 'noopener')
}

export const formatMoney = (cents: number, currency: string): string =>
  new Intl.NumberFormat([], {
    style: 'currency',
    currency: currency || 'usd',
    minimumFractionDigits: cents % 100 === 0 ? 0 : 2,
  }).format(cents / 100)

export const formatDay = (ms: number): string =>
  new Date(ms).toLocaleDateString([], { day: 'numeric', month: 'long', year: 'numeric' })
