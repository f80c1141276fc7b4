export type Json = string | number | boolean | null | { [key: string]: Json | undefined } | Json[]

export type Database = {
  public: {
    Tables: {
      audit_log: {
        Row: {
          action: string
          actor: string
          created_at: string
          detail: NonNullable<Json>
          id: string
          user_id: string
        }
        ComputedFields: never
        Insert: {
          action: string
          actor: string
          created_at?: string
          detail?: NonNullable<Json>
          id?: string
          user_id: string
        }
        Update: {
          action?: string
          actor?: string
          created_at?: string
          detail?: NonNullable<Json>
          id?: string
          user_id?: string
        }
        Relationships: []
      }
      deletion_requests: {
        Row: {
          cancelled_at: string | null
          erase_after: string
          reminded_at: string | null
          requested_at: string
          user_id: string
        }
        ComputedFields: never
        Insert: {
          cancelled_at?: string | null
          erase_after: string
          reminded_at?: string | null
          requested_at?: string
          user_id: string
        }
        Update: {
          cancelled_at?: string | null
          erase_after?: string
          reminded_at?: string | null
          requested_at?: string
          user_id?: string
        }
        Relationships: []
      }
      devices: {
        Row: {
          created_at: string
          id: string
          last_seen_at: string
          name: string
          revoked_at: string | null
          user_id: string
        }
        ComputedFields: never
        Insert: {
          created_at?: string
          id: string
          last_seen_at?: string
          name: string
          revoked_at?: string | null
          user_id: string
        }
        Update: {
          created_at?: string
          id?: string
          last_seen_at?: string
          name?: string
          revoked_at?: string | null
          user_id?: string
        }
        Relationships: []
      }
      invoices: {
        Row: {
          amount_paid_cents: number
          amount_refunded_cents: number
          created_at: string
          currency: string
          hosted_url: string | null
          id: string
          number: string | null
          pdf_url: string | null
          status: string
          subscription_id: string | null
          synced_at: string
          user_id: string | null
        }
        ComputedFields: never
        Insert: {
          amount_paid_cents?: number
          amount_refunded_cents?: number
          created_at: string
          currency: string
          hosted_url?: string | null
          id: string
          number?: string | null
          pdf_url?: string | null
          status: string
          subscription_id?: string | null
          synced_at: string
          user_id?: string | null
        }
        Update: {
          amount_paid_cents?: number
          amount_refunded_cents?: number
          created_at?: string
          currency?: string
          hosted_url?: string | null
          id?: string
          number?: string | null
          pdf_url?: string | null
          status?: string
          subscription_id?: string | null
          synced_at?: string
          user_id?: string | null
        }
        Relationships: []
      }
      mail_preferences: {
        Row: {
          product_news: boolean
          updated_at: string
          usage_alerts: boolean
          user_id: string
        }
        ComputedFields: never
        Insert: {
          product_news?: boolean
          updated_at?: string
          usage_alerts?: boolean
          user_id: string
        }
        Update: {
          product_news?: boolean
          updated_at?: string
          usage_alerts?: boolean
          user_id?: string
        }
        Relationships: []
      }
      plans: {
        Row: {
          active: boolean
          ai_generations: number | null
          currency: string
          description: string
          id: string
          interval: string | null
          lease_units: number
          monthly_workflows: number | null
          name: string
          offline_grace: number
          past_due_grace_days: number
          price_cents: number
          sort: number
          storage_bytes: number | null
          stripe_price_id: string | null
          trial_workflows: number | null
        }
        ComputedFields: never
        Insert: {
          active?: boolean
          ai_generations?: number | null
          currency?: string
          description?: string
          id: string
          interval?: string | null
          lease_units?: number
          monthly_workflows?: number | null
          name: string
          offline_grace?: number
          past_due_grace_days?: number
          price_cents?: number
          sort?: number
          storage_bytes?: number | null
          stripe_price_id?: string | null
          trial_workflows?: number | null
        }
        Update: {
          active?: boolean
          ai_generations?: number | null
          currency?: string
          description?: string
          id?: string
          interval?: string | null
          lease_units?: number
          monthly_workflows?: number | null
          name?: string
          offline_grace?: number
          past_due_grace_days?: number
          price_cents?: number
          sort?: number
          storage_bytes?: number | null
          stripe_price_id?: string | null
          trial_workflows?: number | null
        }
        Relationships: []
      }
      profiles: {
        Row: {
          created_at: string
          display_name: string | null
          email: string | null
          email_verified_at: string | null
          id: string
          mailbox_hash: string | null
          suspended_at: string | null
          suspended_reason: string | null
          updated_at: string
        }
        ComputedFields: never
        Insert: {
          created_at?: string
          display_name?: string | null
          email?: string | null
          email_verified_at?: string | null
          id: string
          mailbox_hash?: string | null
          suspended_at?: string | null
          suspended_reason?: string | null
          updated_at?: string
        }
        Update: {
          created_at?: string
          display_name?: string | null
          email?: string | null
          email_verified_at?: string | null
          id?: string
          mailbox_hash?: string | null
          suspended_at?: string | null
          suspended_reason?: string | null
          updated_at?: string
        }
        Relationships: []
      }
      stored_workflows: {
        Row: {
          created_at: string
          current_version: number
          id: string
          name: string
          share_token: string | null
          shared_at: string | null
          size_bytes: number
          updated_at: string
          user_id: string
        }
        ComputedFields: never
        Insert: {
          created_at?: string
          current_version?: number
          id?: string
          name: string
          share_token?: string | null
          shared_at?: string | null
          size_bytes?: number
          updated_at?: string
          user_id: string
        }
        Update: {
          created_at?: string
          current_version?: number
          id?: string
          name?: string
          share_token?: string | null
          shared_at?: string | null
          size_bytes?: number
          updated_at?: string
          user_id?: string
        }
        Relationships: []
      }
      subscriptions: {
        Row: {
          amount_cents: number | null
          cancel_at_period_end: boolean
          created_at: string
          currency: string | null
          current_period_end: string
          current_period_start: string
          ended_at: string | null
          id: string
          interval: string | null
          past_due_since: string | null
          plan_id: string
          price_id: string | null
          status: string
          synced_at: string
          trial_end: string | null
          user_id: string
        }
        ComputedFields: never
        Insert: {
          amount_cents?: number | null
          cancel_at_period_end?: boolean
          created_at: string
          currency?: string | null
          current_period_end: string
          current_period_start: string
          ended_at?: string | null
          id: string
          interval?: string | null
          past_due_since?: string | null
          plan_id: string
          price_id?: string | null
          status: string
          synced_at: string
          trial_end?: string | null
          user_id: string
        }
        Update: {
          amount_cents?: number | null
          cancel_at_period_end?: boolean
          created_at?: string
          currency?: string | null
          current_period_end?: string
          current_period_start?: string
          ended_at?: string | null
          id?: string
          interval?: string | null
          past_due_since?: string | null
          plan_id?: string
          price_id?: string | null
          status?: string
          synced_at?: string
          trial_end?: string | null
          user_id?: string
        }
        Relationships: [
          {
            foreignKeyName: 'subscriptions_plan_id_fkey'
            columns: ['plan_id']
            isOneToOne: false
            referencedRelation: 'plans'
            referencedColumns: ['id']
          },
        ]
      }
      usage_events: {
        Row: {
          device_id: string | null
          id: string
          kind: string
          lease_id: string | null
          occurred_at: string
          period_id: string
          received_at: string
          user_id: string
        }
        ComputedFields: never
        Insert: {
          device_id?: string | null
          id: string
          kind: string
          lease_id?: string | null
          occurred_at: string
          period_id: string
          received_at?: string
          user_id: string
        }
        Update: {
          device_id?: string | null
          id?: string
          kind?: string
          lease_id?: string | null
          occurred_at?: string
          period_id?: string
          received_at?: string
          user_id?: string
        }
        Relationships: [
          {
            foreignKeyName: 'usage_events_period_id_fkey'
            columns: ['period_id']
            isOneToOne: false
            referencedRelation: 'usage_periods'
            referencedColumns: ['id']
          },
        ]
      }
      usage_leases: {
        Row: {
          closed_at: string | null
          created_at: string
          device_id: string | null
          id: string
          period_id: string
          returned: number
          units: number
          used: number
          user_id: string
        }
        ComputedFields: never
        Insert: {
          closed_at?: string | null
          created_at?: string
          device_id?: string | null
          id?: string
          period_id: string
          returned?: number
          units: number
          used?: number
          user_id: string
        }
        Update: {
          closed_at?: string | null
          created_at?: string
          device_id?: string | null
          id?: string
          period_id?: string
          returned?: number
          units?: number
          used?: number
          user_id?: string
        }
        Relationships: [
          {
            foreignKeyName: 'usage_leases_period_id_fkey'
            columns: ['period_id']
            isOneToOne: false
            referencedRelation: 'usage_periods'
            referencedColumns: ['id']
          },
          {
            foreignKeyName: 'usage_leases_user_id_device_id_fkey'
            columns: ['user_id', 'device_id']
            isOneToOne: false
            referencedRelation: 'devices'
            referencedColumns: ['user_id', 'id']
          },
        ]
      }
      usage_periods: {
        Row: {
          ai_generations: number
          id: string
          kind: string
          period_end: string | null
          period_start: string
          user_id: string
          workflows: number
        }
        ComputedFields: never
        Insert: {
          ai_generations?: number
          id?: string
          kind: string
          period_end?: string | null
          period_start: string
          user_id: string
          workflows?: number
        }
        Update: {
          ai_generations?: number
          id?: string
          kind?: string
          period_end?: string | null
          period_start?: string
          user_id?: string
          workflows?: number
        }
        Relationships: []
      }
      workflow_versions: {
        Row: {
          created_at: string
          device_id: string | null
          document: string
          sha256: string
          size_bytes: number
          user_id: string
          version: number
          workflow_id: string
        }
        ComputedFields: never
        Insert: {
          created_at?: string
          device_id?: string | null
          document: string
          sha256: string
          size_bytes: number
          user_id: string
          version: number
          workflow_id: string
        }
        Update: {
          created_at?: string
          device_id?: string | null
          document?: string
          sha256?: string
          size_bytes?: number
          user_id?: string
          version?: number
          workflow_id?: string
        }
        Relationships: [
          {
            foreignKeyName: 'workflow_versions_user_id_device_id_fkey'
            columns: ['user_id', 'device_id']
            isOneToOne: false
            referencedRelation: 'devices'
            referencedColumns: ['user_id', 'id']
          },
          {
            foreignKeyName: 'workflow_versions_user_id_workflow_id_fkey'
            columns: ['user_id', 'workflow_id']
            isOneToOne: false
            referencedRelation: 'stored_workflows'
            referencedColumns: ['user_id', 'id']
          },
        ]
      }
    }
    Views: {
      [_ in never]: never
    }
    Functions: {
      cancel_deletion: { Args: Record<PropertyKey, never>; Returns: undefined }
      list_workflows: { Args: Record<PropertyKey, never>; Returns: Json }
      my_account: { Args: Record<PropertyKey, never>; Returns: Json }
      open_workflow: { Args: { id: string; version?: number }; Returns: Json }
      remove_workflow: { Args: { id: string }; Returns: undefined }
      rename_workflow: { Args: { id: string; name: string }; Returns: undefined }
      revoke_device: { Args: { device: string }; Returns: undefined }
      save_workflow: {
        Args: {
          base_version?: number
          device?: string
          document: string
          id?: string
          name: string
        }
        Returns: Json
      }
      share_workflow: { Args: { id: string }; Returns: string }
      shared_workflow: { Args: { token: string }; Returns: Json }
      unshare_workflow: { Args: { id: string }; Returns: undefined }
      update_mail_preferences: {
        Args: { product_news?: boolean; usage_alerts?: boolean }
        Returns: undefined
      }
      update_profile: { Args: { display_name: string }; Returns: undefined }
      usage_sync: {
        Args: {
          device: string
          device_name?: string
          events?: Json
          give_back?: Json
          want?: number
        }
        Returns: Json
      }
      workflow_history: { Args: { id: string }; Returns: Json }
    }
    Enums: {
      [_ in never]: never
    }
    CompositeTypes: {
      [_ in never]: never
    }
  }
}

type DatabaseWithoutInternals = Omit<Database, '__InternalSupabase'>

type DefaultSchema = DatabaseWithoutInternals[Extract<keyof Database, 'public'>]

export type Tables<
  DefaultSchemaTableNameOrOptions extends
    | keyof (DefaultSchema['Tables'] & DefaultSchema['Views'])
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals
  }
    ? keyof (DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions['schema']]['Tables'] &
        DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions['schema']]['Views'])
    : never = never,
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? (DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions['schema']]['Tables'] &
      DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions['schema']]['Views'])[TableName] extends {
      Row: infer R
    }
    ? R
    : never
  : DefaultSchemaTableNameOrOptions extends keyof (DefaultSchema['Tables'] & DefaultSchema['Views'])
    ? (DefaultSchema['Tables'] & DefaultSchema['Views'])[DefaultSchemaTableNameOrOptions] extends {
        Row: infer R
      }
      ? R
      : never
    : never

export type TablesInsert<
  DefaultSchemaTableNameOrOptions extends
    | keyof DefaultSchema['Tables']
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals
  }
    ? keyof DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions['schema']]['Tables']
    : never = never,
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions['schema']]['Tables'][TableName] extends {
      Insert: infer I
    }
    ? I
    : never
  : DefaultSchemaTableNameOrOptions extends keyof DefaultSchema['Tables']
    ? DefaultSchema['Tables'][DefaultSchemaTableNameOrOptions] extends {
        Insert: infer I
      }
      ? I
      : never
    : never

export type TablesUpdate<
  DefaultSchemaTableNameOrOptions extends
    | keyof DefaultSchema['Tables']
    | { schema: keyof DatabaseWithoutInternals },
  TableName extends DefaultSchemaTableNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals
  }
    ? keyof DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions['schema']]['Tables']
    : never = never,
> = DefaultSchemaTableNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaTableNameOrOptions['schema']]['Tables'][TableName] extends {
      Update: infer U
    }
    ? U
    : never
  : DefaultSchemaTableNameOrOptions extends keyof DefaultSchema['Tables']
    ? DefaultSchema['Tables'][DefaultSchemaTableNameOrOptions] extends {
        Update: infer U
      }
      ? U
      : never
    : never

export type Enums<
  DefaultSchemaEnumNameOrOptions extends
    | keyof DefaultSchema['Enums']
    | { schema: keyof DatabaseWithoutInternals },
  EnumName extends DefaultSchemaEnumNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals
  }
    ? keyof DatabaseWithoutInternals[DefaultSchemaEnumNameOrOptions['schema']]['Enums']
    : never = never,
> = DefaultSchemaEnumNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[DefaultSchemaEnumNameOrOptions['schema']]['Enums'][EnumName]
  : DefaultSchemaEnumNameOrOptions extends keyof DefaultSchema['Enums']
    ? DefaultSchema['Enums'][DefaultSchemaEnumNameOrOptions]
    : never

export type CompositeTypes<
  PublicCompositeTypeNameOrOptions extends
    | keyof DefaultSchema['CompositeTypes']
    | { schema: keyof DatabaseWithoutInternals },
  CompositeTypeName extends PublicCompositeTypeNameOrOptions extends {
    schema: keyof DatabaseWithoutInternals
  }
    ? keyof DatabaseWithoutInternals[PublicCompositeTypeNameOrOptions['schema']]['CompositeTypes']
    : never = never,
> = PublicCompositeTypeNameOrOptions extends { schema: keyof DatabaseWithoutInternals }
  ? DatabaseWithoutInternals[PublicCompositeTypeNameOrOptions['schema']]['CompositeTypes'][CompositeTypeName]
  : PublicCompositeTypeNameOrOptions extends keyof DefaultSchema['CompositeTypes']
    ? DefaultSchema['CompositeTypes'][PublicCompositeTypeNameOrOptions]
    : never

export const Constants = {
  public: {
    Enums: {},
  },
} as const
