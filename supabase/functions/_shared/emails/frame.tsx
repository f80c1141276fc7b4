// What all mails share: a quiet card, one accent, the app's type scale (renderer/src/styles.css).
// Colours are its light theme in sRGB, since mail programs know no OKLCH; dark mode is left to them.
import {
  Body,
  Button,
  Container,
  Head,
  Hr,
  Html,
  Link,
  Preview,
  Section,
  Text,
} from '@react-email/components'
import type { ReactNode } from 'react'

const ink = '#1c1b1f'
const soft = '#56555b'
const faint = '#6b6a70'
const line = '#dcdbe0'
const accent = '#5a52d5'
const sans = "Inter, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif"
const mono = "'JetBrains Mono', Consolas, Menlo, monospace"

/** @param preview what a mailbox shows beside the subject · @param unsubscribe for mails one can do without */
export function Frame(props: {
  preview: string
  title: string
  children: ReactNode
  unsubscribe?: string
}) {
  return (
    <Html lang="en">
      <Head>
        <meta name="color-scheme" content="light dark" />
        <meta name="supported-color-schemes" content="light dark" />
      </Head>
      <Preview>{props.preview}</Preview>
      <Body
        style={{ backgroundColor: '#f4f3f6', fontFamily: sans, margin: 0, padding: '32px 12px' }}
      >
        <Container
          style={{
            backgroundColor: '#ffffff',
            border: `1px solid ${line}`,
            borderRadius: 10,
            maxWidth: 520,
            padding: '28px 32px',
          }}
        >
          <Text style={{ color: faint, fontSize: 13, fontWeight: 600, margin: '0 0 20px' }}>
            ComfyRunner
          </Text>
          <Text
            style={{
              color: ink,
              fontSize: 20,
              fontWeight: 600,
              lineHeight: '28px',
              margin: '0 0 12px',
            }}
          >
            {props.title}
          </Text>
          {props.children}
          <Hr style={{ borderColor: line, margin: '28px 0 16px' }} />
          <Text style={{ color: faint, fontSize: 12, lineHeight: '18px', margin: 0 }}>
            {props.unsubscribe ? (
              <>
                You get this because usage notices are on for your account.{' '}
                <Link
                  href={props.unsubscribe}
                  style={{ color: faint, textDecoration: 'underline' }}
                >
                  Turn them off
                </Link>
              </>
            ) : (
              'You get this because it is about your ComfyRunner account.'
            )}
          </Text>
        </Container>
      </Body>
    </Html>
  )
}

export const Words = ({ children }: { children: ReactNode }) => (
  <Text style={{ color: soft, fontSize: 15, lineHeight: '24px', margin: '0 0 14px' }}>
    {children}
  </Text>
)

export const Action = ({ href, children }: { href: string; children: string }) => (
  <Section style={{ margin: '20px 0' }}>
    <Button
      href={href}
      style={{
        backgroundColor: accent,
        borderRadius: 6,
        color: '#ffffff',
        fontSize: 15,
        fontWeight: 600,
        padding: '10px 18px',
      }}
    >
      {children}
    </Button>
  </Section>
)

export const Code = ({ children }: { children: string }) => (
  <Text
    style={{
      backgroundColor: '#f4f3f6',
      borderRadius: 6,
      color: ink,
      fontFamily: mono,
      fontSize: 22,
      letterSpacing: 4,
      margin: '0 0 14px',
      padding: '12px 16px',
    }}
  >
    {children}
  </Text>
)

/** 2026-11-22T… → 22 November 2026 */
export const day = (iso: string): string =>
  new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' }).format(new Date(iso))

export const money = (cents: number, currency: string): string =>
  new Intl.NumberFormat('en-GB', { style: 'currency', currency }).format(cents / 100)
