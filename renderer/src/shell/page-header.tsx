// The bar above a page of rows. Notices stand in it: floating, they would lie on the buttons at the
// rows' ends.
import type { ReactNode } from 'react'
import { NewestToast } from './toasts.tsx'

export const PageHeader = ({ title, children }: { title: string; children?: ReactNode }) => (
  <header className="flex h-12 shrink-0 items-center gap-3 border-b border-line bg-panel pr-2 pl-4">
    <h1 className="shrink-0 text-[15px] font-semibold">{title}</h1>
    <span className="min-w-0 truncate text-faint tabular">{children}</span>
    <NewestToast />
  </header>
)
