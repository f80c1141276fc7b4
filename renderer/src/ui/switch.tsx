import { cx } from './class-names.ts'

/** How a switch looks; the control around it carries role and name. */
export const SwitchMark = ({ on }: { on: boolean }) => (
  <span
    aria-hidden
    className={cx(
      'relative block h-3.5 w-6 shrink-0 rounded-full transition-colors',
      on ? 'bg-accent' : 'bg-line-strong',
    )}
  >
    <span
      className={cx(
        'absolute top-0.5 size-2.5 rounded-full bg-white transition-[left]',
        on ? 'left-3' : 'left-0.5',
      )}
    />
  </span>
)
