CREATE TABLE `instances` (
	`name` text PRIMARY KEY NOT NULL,
	`host` text,
	`runtime` text NOT NULL,
	`version` text NOT NULL,
	`process` integer,
	`state` text NOT NULL,
	`started_at` integer NOT NULL,
	`seen_at` integer NOT NULL,
	`expires_at` integer NOT NULL
);--> statement-breakpoint
CREATE INDEX `instances_by_expiry` ON `instances` (`expires_at`);--> statement-breakpoint
CREATE INDEX `batches_open` ON `batches` (`created_at`,`id`) WHERE state IN ('waiting', 'running');--> statement-breakpoint
CREATE INDEX `jobs_wanted` ON `jobs` (`wanted`) WHERE wanted IS NOT NULL;--> statement-breakpoint
CREATE INDEX `model_lists_by_time` ON `model_lists` (`fetched_at`);--> statement-breakpoint
ALTER TABLE `jobs` ADD `tries` integer DEFAULT 1 NOT NULL;--> statement-breakpoint
CREATE TABLE `asks` (
	`kind` text NOT NULL,
	`subject` text NOT NULL,
	`instance` text NOT NULL,
	`asked_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	PRIMARY KEY(`kind`, `subject`)
);
--> statement-breakpoint
CREATE INDEX `asks_by_time` ON `asks` (`asked_at`);--> statement-breakpoint
CREATE INDEX `asks_open` ON `asks` (`expires_at`) WHERE expires_at > 0;
