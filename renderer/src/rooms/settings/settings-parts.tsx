import type { ReactNode } from 'react'
import { cx } from '../../ui/class-names.ts'
import { SwitchMark } from '../../ui/switch.tsx'

interface CardProps {
  title: string
  about?: string
  children: ReactNode
}

export const Card = ({ title, about, children }: CardProps) => (
  <section>
    <h2 className="font-medium">{title}</h2>
    {about && <p className="mt-0.5 text-soft">{about}</p>}
    <div className="mt-2 divide-y divide-line overflow-hidden rounded-card border border-line bg-card">
      {children}
    </div>
  </section>
)

interface RowWords {
  label: ReactNode
  about?: string
}

const rowClass = 'flex min-h-11 w-full items-center gap-6 px-3 py-2 text-left'

const Words = ({ label, about }: RowWords) => (
  <span className="min-w-32 flex-1">
    <span className="block">{label}</span>
    {about && <span className="block text-xs text-faint">{about}</span>}
  </span>
)

export const Row = ({ children, ...words }: RowWords & { children: ReactNode }) => (
  <div className={rowClass}>
    <Words {...words} />
    {children}
  </div>
)

interface SwitchRowProps {
  label: string
  about?: string
  on: boolean
  onChange: (on: boolean) => void
}

/** Something that is on or off: the whole row turns it. */
export const SwitchRow = ({ on, onChange, ...words }: SwitchRowProps) => (
  <button
    type="button"
    role="switch"
    aria-checked={on}
    aria-label={words.label}
    className={cx(rowClass, '-outline-offset-2 hover:bg-field')}
    onClick={() => onChange(!on)}
  >
    <Words {...words} />
    <SwitchMark on={on} />
  </button>
)

interface SegmentsProps<T extends string> {
  label: string
  options: readonly (readonly [T, string])[]
  value: T
  onChange: (value: T) => void
}

/** One of few, all in sight. */
export const Segments = <T extends string>({
  label,
  options,
  value,
  onChange,
}: SegmentsProps<T>) => (
  <div role="radiogroup" aria-label={label} className="flex rounded-control bg-field p-0.5">
    {options.map(([option, words]) => (
      // biome-ignore lint/a11y/useSemanticElements: a radio input cannot hold its own face
      <button
        key={option}
        type="button"
        role="radio"
        aria-checked={option === value}
        className={cx(
          'h-6 rounded-[5px] px-3',
          option === value ? 'bg-card text-ink shadow-sm' : 'text-soft hover:text-ink',
        )}
        onClick={() => onChange(option)}
      >
        {words}
      </button>
    ))}
  </div>
)
