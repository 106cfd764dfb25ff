-- Throttling of sign-ins (generic cell rate algorithm): each attempt moves full_at by one interval; when that lies further
-- ahead than the burst allows, the attempt is refused. Subjects are keyed hashes of an account, an address, or both.
CREATE TABLE sign_in_meters (
    subject bytea PRIMARY KEY,
    full_at timestamptz NOT NULL
);
CREATE INDEX sign_in_meters_age ON sign_in_meters (full_at);

-- Addresses from which an account signed in before: an attack from elsewhere does not lock its owner out there.
CREATE TABLE sign_in_places (
    place     bytea PRIMARY KEY,
    last_seen timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX sign_in_places_age ON sign_in_places (last_seen);
