package centra

import (
	"context"
	"errors"
	"net/netip"
)

// storefrontOptions are those that only the Storefront API has.
type storefrontOptions struct {
	token   string // the plugin's
	secret  string
	address func(context.Context) string
	partial bool
}

// WithSharedSecret sends the plugin's shared secret (X-Shared-Secret) with every
// call of a [StorefrontAPI]. It unlocks what shoppers may not do; nothing in this
// library needs it.
func WithSharedSecret(secret string) Option {
	return func(c *client) error {
		if !validSecret(secret) {
			return errors.New("WithSharedSecret: the secret is empty or has characters that no header can carry")
		}
		c.storefront.secret = secret
		return nil
	}
}

// WithShopperAddress tells a [StorefrontAPI] the shopper's IP address, from which
// Centra derives country and market. It is asked whenever a session is started
// and sent as X-Forwarded-For; what is no address is not sent. Without, Centra
// sees that of the shop's server. Take it from what your own proxy vouches for:
// any browser can send an X-Forwarded-For.
func WithShopperAddress(address func(context.Context) string) Option {
	return func(c *client) error {
		if address == nil {
			return errors.New("WithShopperAddress: the function is nil")
		}
		c.storefront.address = address
		return nil
	}
}

// WithPartialAddress makes a [StorefrontAPI] store only what it is given.
// setAddress takes a whole address, and it is uncertain whether it clears what is
// left out, so that by default what the shopper entered before is read first and
// sent again. With this option that is read only where no country is given, which
// setAddress demands.
func WithPartialAddress() Option {
	return func(c *client) error {
		c.storefront.partial = true
		return nil
	}
}

// shopperAddress is the value of X-Forwarded-For, "" for none.
func (o storefrontOptions) shopperAddress(ctx context.Context) string {
	if o.address == nil {
		return ""
	}
	address, err := netip.ParseAddr(o.address(ctx))
	if err != nil || address.Zone() != "" {
		return ""
	}
	return address.Unmap().String()
}
