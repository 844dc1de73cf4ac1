CREATE TABLE `file_copies` (
	`file_id` text NOT NULL,
	`account_id` text NOT NULL,
	`upstream_id` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	PRIMARY KEY(`file_id`, `account_id`)
);
--> statement-breakpoint
CREATE TABLE `files` (
	`id` text PRIMARY KEY NOT NULL,
	`key_id` text NOT NULL,
	`filename` text NOT NULL,
	`purpose` text NOT NULL,
	`mime` text NOT NULL,
	`bytes` integer NOT NULL,
	`hash` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer
);
--> statement-breakpoint
CREATE INDEX `files_by_key` ON `files` (`key_id`,`created_at`);--> statement-breakpoint
CREATE INDEX `files_by_expiry` ON `files` (`expires_at`);--> statement-breakpoint
CREATE TABLE `media` (
	`name` text PRIMARY KEY NOT NULL,
	`sort` text NOT NULL,
	`account_id` text,
	`key_id` text,
	`source` text,
	`source_hash` text,
	`mime` text,
	`bytes` integer,
	`hash` text,
	`fetcher` text,
	`fetch_until` integer,
	`created_at` integer NOT NULL,
	`used_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `media_sourceHash_unique` ON `media` (`source_hash`);--> statement-breakpoint
CREATE INDEX `media_by_use` ON `media` (`sort`,`used_at`,`bytes`);--> statement-breakpoint
CREATE TABLE `object_parts` (
	`object_id` text NOT NULL,
	`part` integer NOT NULL,
	`bytes` blob NOT NULL,
	PRIMARY KEY(`object_id`, `part`)
);
--> statement-breakpoint
CREATE TABLE `objects` (
	`id` text PRIMARY KEY NOT NULL,
	`parts` text NOT NULL,
	`bytes` integer NOT NULL,
	`whole` integer NOT NULL,
	`written_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `objects_by_time` ON `objects` (`written_at`);--> statement-breakpoint
CREATE TABLE `videos` (
	`id` text PRIMARY KEY NOT NULL,
	`key_id` text NOT NULL,
	`shape` text NOT NULL,
	`model` text NOT NULL,
	`status` text NOT NULL,
	`progress` integer NOT NULL,
	`request` text NOT NULL,
	`origin` text NOT NULL,
	`account_id` text,
	`upstream_id` text,
	`video` text,
	`thumbnail` text,
	`seconds` integer,
	`error` text,
	`usage` text,
	`instance` text,
	`lease_until` integer NOT NULL,
	`tries` integer NOT NULL,
	`created_at` integer NOT NULL,
	`completed_at` integer,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `videos_by_key` ON `videos` (`key_id`,`created_at`);--> statement-breakpoint
CREATE INDEX `videos_by_lease` ON `videos` (`status`,`lease_until`);--> statement-breakpoint
CREATE INDEX `videos_by_expiry` ON `videos` (`expires_at`);