CREATE TABLE `account_quotas` (
	`account_id` text NOT NULL,
	`bucket` text NOT NULL,
	`limit` integer NOT NULL,
	`remaining` integer NOT NULL,
	`reset_at` integer NOT NULL,
	`source` text NOT NULL,
	`updated_at` integer NOT NULL,
	PRIMARY KEY(`account_id`, `bucket`)
);
--> statement-breakpoint
CREATE TABLE `account_states` (
	`account_id` text NOT NULL,
	`scope` text NOT NULL,
	`state` text NOT NULL,
	`reason` text NOT NULL,
	`until` integer,
	`faults` integer NOT NULL,
	`updated_at` integer NOT NULL,
	PRIMARY KEY(`account_id`, `scope`)
);
--> statement-breakpoint
CREATE INDEX `account_states_by_time` ON `account_states` (`updated_at`);--> statement-breakpoint
CREATE TABLE `allowances` (
	`key_id` text NOT NULL,
	`bucket` text NOT NULL,
	`window` integer NOT NULL,
	`instance` text NOT NULL,
	`granted` integer NOT NULL,
	`used` integer NOT NULL,
	`expires_at` integer NOT NULL,
	PRIMARY KEY(`key_id`, `bucket`, `window`, `instance`)
);
--> statement-breakpoint
CREATE INDEX `allowances_by_expiry` ON `allowances` (`expires_at`);--> statement-breakpoint
CREATE TABLE `jobs` (
	`name` text PRIMARY KEY NOT NULL,
	`instance` text NOT NULL,
	`state` text NOT NULL,
	`done` integer NOT NULL,
	`total` integer NOT NULL,
	`note` text,
	`wanted` text,
	`started_at` integer NOT NULL,
	`finished_at` integer,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `ledger_batches` (
	`id` text PRIMARY KEY NOT NULL,
	`at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `ledger_content` (
	`request_id` text PRIMARY KEY NOT NULL,
	`at` integer NOT NULL,
	`request` text NOT NULL,
	`answer` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `ledger_hours` (
	`hour` integer NOT NULL,
	`key_id` text NOT NULL,
	`account_id` text NOT NULL,
	`model` text NOT NULL,
	`turns` integer NOT NULL,
	`failures` integer NOT NULL,
	`gone` integer NOT NULL,
	`input_tokens` integer NOT NULL,
	`cached_tokens` integer NOT NULL,
	`output_tokens` integer NOT NULL,
	`reasoning_tokens` integer NOT NULL,
	`cost_ticks` integer NOT NULL,
	`total_ms` integer NOT NULL,
	PRIMARY KEY(`hour`, `key_id`, `account_id`, `model`)
);
--> statement-breakpoint
CREATE TABLE `prices` (
	`model` text PRIMARY KEY NOT NULL,
	`input` real NOT NULL,
	`cached` real,
	`output` real NOT NULL,
	`long_from` integer,
	`long_input` real,
	`long_cached` real,
	`long_output` real
);
--> statement-breakpoint
ALTER TABLE `accounts` ADD `requests_per_minute` integer;--> statement-breakpoint
ALTER TABLE `accounts` ADD `proxy` text;--> statement-breakpoint
ALTER TABLE `aliases` ADD `route` text;--> statement-breakpoint
ALTER TABLE `keys` ADD `enabled` integer DEFAULT true NOT NULL;--> statement-breakpoint
ALTER TABLE `keys` ADD `tokens_per_minute` integer;--> statement-breakpoint
ALTER TABLE `keys` ADD `daily_chat` integer;--> statement-breakpoint
ALTER TABLE `keys` ADD `daily_heavy` integer;--> statement-breakpoint
ALTER TABLE `keys` ADD `daily_image` integer;--> statement-breakpoint
ALTER TABLE `keys` ADD `daily_video` integer;--> statement-breakpoint
ALTER TABLE `keys` ADD `daily_cost_ticks` integer;--> statement-breakpoint
ALTER TABLE `keys` ADD `monthly_cost_ticks` integer;--> statement-breakpoint
ALTER TABLE `keys` ADD `rescue` text DEFAULT 'off' NOT NULL;--> statement-breakpoint
ALTER TABLE `ledger` ADD `model_used` text;--> statement-breakpoint
ALTER TABLE `ledger` ADD `kind` text;--> statement-breakpoint
ALTER TABLE `ledger` ADD `attempt_log` text;--> statement-breakpoint
ALTER TABLE `ledger` ADD `cost_source` text;