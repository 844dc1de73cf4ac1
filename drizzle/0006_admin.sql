CREATE TABLE `ledger_rollups` (
	`by` text NOT NULL,
	`hour` integer NOT NULL,
	`name` text NOT NULL,
	`turns` integer NOT NULL,
	`failures` integer NOT NULL,
	`gone` integer NOT NULL,
	`input_tokens` integer NOT NULL,
	`cached_tokens` integer NOT NULL,
	`output_tokens` integer NOT NULL,
	`reasoning_tokens` integer NOT NULL,
	`cost_ticks` integer NOT NULL,
	`total_ms` integer NOT NULL,
	PRIMARY KEY(`by`, `hour`, `name`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `ledger_days` (
	`key_id` text NOT NULL,
	`day` integer NOT NULL,
	`turns` integer NOT NULL,
	`failures` integer NOT NULL,
	`gone` integer NOT NULL,
	`input_tokens` integer NOT NULL,
	`cached_tokens` integer NOT NULL,
	`output_tokens` integer NOT NULL,
	`reasoning_tokens` integer NOT NULL,
	`cost_ticks` integer NOT NULL,
	`total_ms` integer NOT NULL,
	PRIMARY KEY(`key_id`, `day`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `admin_sessions` (
	`id` text PRIMARY KEY NOT NULL,
	`secret_hash` text NOT NULL,
	`next_hash` text,
	`previous_hash` text,
	`address` text,
	`agent` text,
	`created_at` integer NOT NULL,
	`rotated_at` integer NOT NULL,
	`seen_at` integer NOT NULL,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `admin_sessions_secretHash_unique` ON `admin_sessions` (`secret_hash`);--> statement-breakpoint
CREATE INDEX `admin_sessions_by_expiry` ON `admin_sessions` (`expires_at`);--> statement-breakpoint
CREATE TABLE `admin_tokens` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`secret_hash` text NOT NULL,
	`hint` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer,
	`seen_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `admin_tokens_secretHash_unique` ON `admin_tokens` (`secret_hash`);--> statement-breakpoint
CREATE TABLE `audit_log` (
	`id` integer PRIMARY KEY NOT NULL,
	`at` integer NOT NULL,
	`actor` text NOT NULL,
	`address` text,
	`action` text NOT NULL,
	`subject` text NOT NULL,
	`before` text,
	`after` text
);
--> statement-breakpoint
CREATE TABLE `audit_accounts` (
	`account_id` text NOT NULL,
	`audit_id` integer NOT NULL,
	PRIMARY KEY(`account_id`, `audit_id`)
);
--> statement-breakpoint
CREATE TABLE `batches` (
	`id` text PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`state` text NOT NULL,
	`wanted` text,
	`total` integer NOT NULL,
	`done` integer NOT NULL,
	`ahead` text NOT NULL,
	`good` integer NOT NULL,
	`problems` text NOT NULL,
	`actor` text NOT NULL,
	`instance` text,
	`created_at` integer NOT NULL,
	`finished_at` integer,
	`expires_at` integer
);
--> statement-breakpoint
CREATE INDEX `batches_by_time` ON `batches` (`created_at`);--> statement-breakpoint
CREATE TABLE `batch_subjects` (
	`batch_id` text NOT NULL,
	`part` integer NOT NULL,
	`ids` text NOT NULL,
	PRIMARY KEY(`batch_id`, `part`)
);
--> statement-breakpoint
CREATE TABLE `login_failures` (
	`source` text PRIMARY KEY NOT NULL,
	`failures` integer NOT NULL,
	`reset_at` integer NOT NULL
);
--> statement-breakpoint
ALTER TABLE `accounts` ADD `version` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `keys` ADD `version` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX `accounts_by_creation` ON `accounts` (`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `accounts_for_lists` ON `accounts` (`kind`,`name`,`tier`,`enabled`,`hint`,`base_url`,`tags`,`note`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `account_states_held` ON `account_states` (`account_id`,`scope`,`state`,`until`,`faults`) WHERE faults > 0;--> statement-breakpoint
ALTER TABLE `media` ADD `model` text;--> statement-breakpoint
INSERT INTO `ledger_rollups` SELECT 'all', `hour`, '', sum(`turns`), sum(`failures`), sum(`gone`), sum(`input_tokens`), sum(`cached_tokens`), sum(`output_tokens`), sum(`reasoning_tokens`), sum(`cost_ticks`), sum(`total_ms`) FROM `ledger_hours` GROUP BY `hour`;--> statement-breakpoint
INSERT INTO `ledger_rollups` SELECT 'key', `hour`, `key_id`, sum(`turns`), sum(`failures`), sum(`gone`), sum(`input_tokens`), sum(`cached_tokens`), sum(`output_tokens`), sum(`reasoning_tokens`), sum(`cost_ticks`), sum(`total_ms`) FROM `ledger_hours` GROUP BY `hour`, `key_id`;--> statement-breakpoint
INSERT INTO `ledger_rollups` SELECT 'model', `hour`, `model`, sum(`turns`), sum(`failures`), sum(`gone`), sum(`input_tokens`), sum(`cached_tokens`), sum(`output_tokens`), sum(`reasoning_tokens`), sum(`cost_ticks`), sum(`total_ms`) FROM `ledger_hours` GROUP BY `hour`, `model`;--> statement-breakpoint
INSERT INTO `ledger_days` SELECT `key_id`, `hour` / 24, sum(`turns`), sum(`failures`), sum(`gone`), sum(`input_tokens`), sum(`cached_tokens`), sum(`output_tokens`), sum(`reasoning_tokens`), sum(`cost_ticks`), sum(`total_ms`) FROM `ledger_hours` GROUP BY `key_id`, `hour` / 24;
